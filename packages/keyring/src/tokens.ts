import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** `prefix` and 43 base64url characters: 32 random bytes. Shown once, never stored. */
export const mintToken = (prefix: string): string => prefix + randomBytes(32).toString("base64url");

/** What is stored of a token: SHA-256 as 64 hex digits. Enough without salt or stretching for 256 random bits. */
export const hashToken = (token: string): string => createHash("sha256").update(token).digest("hex");

/** Compares two hashes in a time that does not depend on where they differ. */
export function sameHash(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
