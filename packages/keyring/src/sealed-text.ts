import { randomBytes } from "node:crypto";
import { fromBase64url } from "./base64url.ts";
import type { DataKey } from "./data-key.ts";
import { decrypt, encrypt, nonceLength } from "./gcm.ts";
import { additionalData, bytesOf, type Place } from "./place.ts";
import { SealError } from "./seal-error.ts";

/** `tk1.<data key id>.<base64url of nonce, ciphertext, tag>`; everything before the last dot is authenticated too. */
const version = "tk1";

/** Largest plaintext of a sealed text, in bytes. What is larger goes to a stream. */
export const maxText = 16 * 1024 * 1024;
const maxSealed = Math.ceil((maxText + 64) * 1.34) + 128;

const bound = (id: string, place: Place) => additionalData("takosumi/text/v1", `${version}.${id}`, place);

export function sealText(key: DataKey, place: Place, plaintext: string | Uint8Array): string {
  const bytes = bytesOf(plaintext);
  if (bytes.length > maxText) throw new SealError(`A sealed text holds up to ${maxText} bytes`);
  const nonce = randomBytes(nonceLength);
  const sealed = encrypt({ key: key.text, nonce, bound: bound(key.id, place) }, bytes);
  return `${version}.${key.id}.${Buffer.concat([nonce, sealed]).toString("base64url")}`;
}

/** The id of the key that a sealed text needs. */
export function keyOfText(sealed: string): string {
  const [tag, id, , more] = sealed.length > maxSealed ? [] : sealed.split(".", 4);
  if (tag !== version || id === undefined || more !== undefined) throw new SealError();
  return id;
}

export function openText(key: DataKey, place: Place, sealed: string): Buffer {
  const bytes = fromBase64url(sealed.slice(version.length + key.id.length + 2));
  if (bytes.length < nonceLength) throw new SealError();
  return decrypt({ key: key.text, nonce: bytes.subarray(0, nonceLength), bound: bound(key.id, place) }, bytes.subarray(nonceLength));
}
