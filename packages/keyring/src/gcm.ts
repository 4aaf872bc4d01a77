import { type CipherKey, createCipheriv, createDecipheriv } from "node:crypto";
import { SealError } from "./seal-error.ts";

/** AES-256-GCM everywhere in this package: 12 bytes of nonce, 16 of tag. */
const algorithm = "aes-256-gcm";
export const nonceLength = 12;
export const tagLength = 16;

interface Box {
  readonly key: CipherKey;
  readonly nonce: Uint8Array;
  /** Authenticated with the text, and not part of it. */
  readonly bound: Uint8Array;
}

/** Ciphertext followed by its tag. */
export function encrypt({ key, nonce, bound }: Box, plaintext: Uint8Array): Buffer {
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagLength }).setAAD(bound);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The plaintext, or a SealError: never a byte that was not authenticated. */
export function decrypt({ key, nonce, bound }: Box, sealed: Uint8Array): Buffer {
  const end = sealed.length - tagLength;
  if (end < 0) throw new SealError();
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagLength }).setAAD(bound).setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch {
    throw new SealError();
  }
  return plaintext;
}
