import { createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import { type DataKey, dataKeyLength } from "./data-key.ts";
import { decrypt, encrypt, nonceLength, tagLength } from "./gcm.ts";
import { additionalData, type Place } from "./place.ts";
import { SealError } from "./seal-error.ts";

/**
 * The sealed stream, version 1 (STREAM construction):
 *   header  "TKS" 0x01 | length of key id (1) | key id | salt (32) | nonce prefix (7)
 *   chunks  ciphertext of 64 KiB plaintext + tag (16); the last one holds 1 byte to 64 KiB, or 0 in an empty stream
 * Each stream has a key of its own (HKDF of the data key with the salt). The nonce of a chunk is prefix | counter (4, big endian)
 * | 1 for the last: a chunk that is cut off, repeated, moved or added does not open.
 */
const magic = Buffer.from([0x54, 0x4b, 0x53, 0x01]);
const saltLength = 32;
const prefixLength = 7;
const maxKeyId = 64;

export const maxHeader = magic.length + 1 + maxKeyId + saltLength + prefixLength;
export const chunkLength = 64 * 1024;
export const sealedChunkLength = chunkLength + tagLength;
/** 1 TiB: far from the end of the counter. */
const maxChunks = 2 ** 24;

export function newHeader(keyId: string): Buffer {
  return Buffer.concat([magic, Buffer.from([keyId.length]), Buffer.from(keyId, "latin1"), randomBytes(saltLength + prefixLength)]);
}

/** The key id of a header and its length; null while too few bytes are there. */
export function readHeader(bytes: Buffer): { readonly keyId: string; readonly length: number } | null {
  const start = magic.length + 1;
  if (bytes.length < start) return null;
  const idLength = bytes[magic.length] ?? 0;
  if (!bytes.subarray(0, magic.length).equals(magic) || idLength === 0 || idLength > maxKeyId) throw new SealError();
  const length = start + idLength + saltLength + prefixLength;
  return bytes.length < length ? null : { keyId: bytes.toString("latin1", start, start + idLength), length };
}

export interface Chunks {
  seal(plaintext: Uint8Array, last: boolean): Buffer;
  open(sealed: Uint8Array, last: boolean): Buffer;
}

/** Seals or opens the chunks behind one header, in their order. */
export function chunksOf(dataKey: DataKey, place: Place, header: Buffer): Chunks {
  const prefix = header.subarray(header.length - prefixLength);
  const salt = header.subarray(header.length - prefixLength - saltLength, header.length - prefixLength);
  const key = createSecretKey(Buffer.from(hkdfSync("sha256", dataKey.stream, salt, "takosumi/stream/v1", dataKeyLength)));
  const bound = additionalData("takosumi/stream/v1", header, place);
  let count = 0;
  const next = (last: boolean) => {
    if (count === maxChunks) throw new SealError(`A sealed stream holds up to ${maxChunks} chunks`);
    const nonce = Buffer.alloc(nonceLength);
    prefix.copy(nonce);
    nonce.writeUInt32BE(count++, prefixLength);
    nonce[nonceLength - 1] = last ? 1 : 0;
    return { key, nonce, bound };
  };
  return {
    seal: (plaintext, last) => encrypt(next(last), plaintext),
    open: (sealed, last) => {
      const first = count === 0;
      const plaintext = decrypt(next(last), sealed);
      // Only an empty stream ends with an empty chunk: one plaintext, one length.
      if (plaintext.length === 0 && !first) throw new SealError();
      return plaintext;
    },
  };
}
