import type { Field } from "./define.ts";

type More = Partial<Omit<Field, "title" | "about" | "secret">>;

/** A field that is hidden for ever, and one that may be shown; required, unless `more` says otherwise. */
export const secret = (title: string, about: string, more: More = {}): Field => ({ title, about, secret: true, required: true, ...more });
export const plain = (title: string, about: string, more: More = {}): Field => ({ title, about, secret: false, required: true, ...more });

export const optional = { required: false } as const;
/** A PEM text: a certificate, or a key. */
export const pem = { multiline: true, pattern: "\\s*-----BEGIN [^\\0]+-----\\s*" } as const;
/** An address with its scheme, and no password in it. */
export const url = { pattern: "https?://[^\\s@]{1,2000}", example: "https://cloud.example.com" } as const;
export const uuid = {
  pattern: "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
  example: "00000000-0000-0000-0000-000000000000",
} as const;
/** What tokens are made of. */
export const token = { pattern: "[!-~]{8,4096}" } as const;
