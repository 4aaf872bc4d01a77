import { SealError } from "./seal-error.ts";

/** Bytes of a base64url text without padding. A text that another text also stands for is refused, so that every changed character shows. */
export function fromBase64url(text: string): Buffer {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text) throw new SealError();
  return bytes;
}
