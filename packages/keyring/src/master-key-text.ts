import { MasterKeyError, masterKeyLength } from "./master-key.ts";

const hex = /^[0-9a-fA-F]{64}$/;
const base64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/** Several keys, a line or a comma between them: the first is the one to use, the others still open what they wrapped. */
export const parseMasterKeys = (text: string): Buffer[] => {
  const parts = text.split(/[\s,]+/).filter(Boolean);
  return (parts.length === 0 ? [text] : parts).map(parseMasterKey);
};

/** The 32 bytes that a setting or a file spells: 64 hex digits, or base64 (either alphabet, with or without padding). */
export function parseMasterKey(text: string): Buffer {
  const given = text.trim();
  if (hex.test(given)) return Buffer.from(given, "hex");
  const key = base64.test(given) ? Buffer.from(given, "base64") : undefined;
  if (key?.length === masterKeyLength) return key;
  throw new MasterKeyError(
    `A master key is ${masterKeyLength} bytes as 64 hex digits or as base64 (44 characters); what was given has ${given.length} characters. ` +
      "Make one with: openssl rand -base64 32",
  );
}
