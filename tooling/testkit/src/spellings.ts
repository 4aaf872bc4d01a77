import { randomInt } from "node:crypto";

/** How a secret may stand in an output, written by other means than the package's own. */
export function spellings(value: string): Record<string, string> {
  const bytes = Buffer.from(value);
  const json = JSON.stringify(value).slice(1, -1);
  const xml = value.replace(/[&<>"']/g, (unit) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[unit] ?? unit);
  const inside = (before: number) => {
    const whole = Buffer.concat([Buffer.alloc(before, "x"), bytes, Buffer.from("yyy")]).toString("base64");
    return whole.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  };
  const url = (text: string) => text.replaceAll("+", "-").replaceAll("/", "_");
  const wrapped = (text: string, width: number, end: string) => (text.match(new RegExp(`.{1,${width}}`, "g")) ?? []).join(end);
  const alone = bytes.toString("base64");
  const shell = value.replaceAll("'", `'\\''`);
  return {
    raw: value,
    "in quotes": `"${value}"`,
    hex: bytes.toString("hex"),
    HEX: bytes.toString("hex").toUpperCase(),
    base64: alone,
    "base64 without padding": alone.replace(/=/g, ""),
    "base64 at offset 0": inside(3),
    "base64 at offset 1": inside(1),
    "base64 at offset 2": inside(2),
    base64url: bytes.toString("base64url"),
    "base64url at offset 1": url(inside(4)),
    "base64url at offset 2": url(inside(5)),
    "base64 in 64 columns": wrapped(alone, 64, "\n"),
    "base64 in 76 columns": wrapped(alone, 76, "\r\n"),
    "base64 in 20 columns": wrapped(alone, 20, "\n"),
    "base64 in a wrapped document": wrapped(inside(52), 76, "\n"),
    "hex in 30 columns": wrapped(bytes.toString("hex"), 30, "\n"),
    "base64 in a URL": encodeURIComponent(alone),
    "URI component": encodeURIComponent(value),
    "URI component in lower case": encodeURIComponent(value).replace(/%../g, (escape) => escape.toLowerCase()),
    URI: encodeURI(value),
    "query string": new URLSearchParams({ v: value }).toString().slice(2),
    JSON: json,
    "JSON in JSON": JSON.stringify(json).slice(1, -1),
    "JSON of Go": json.replace(/[<>&]/g, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`),
    "JSON in ASCII": json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
    XML: xml,
    "HTML of Go": xml.replaceAll("&quot;", "&#34;"),
    "single quotes": `'${shell}'`,
    "double quotes": value.replace(/["$`\\]/g, "\\$&"),
    "dollar quotes": `$'${value.replace(/[\\']/g, "\\$&").replaceAll("\n", "\\n")}'`,
    HCL: json.replace(/[$%](?=\{)/g, "$&$&"),
  };
}

const signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const odd = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ é漢😀";
const pick = (from: readonly string[]) => from[randomInt(from.length)] ?? "x";
const some = (from: string, count: number) => Array.from({ length: count }, () => pick(Array.from(from))).join("");

/** A PEM of random content. */
export const pem = (lines: number): string =>
  [
    "-----BEGIN PRIVATE KEY-----",
    ...Array.from({ length: lines }, () => some(`${signs}+/`, 64)),
    some(signs, 20),
    "-----END PRIVATE KEY-----",
    "",
  ].join("\n");

/** A password of signs that shells, URLs and documents escape, of 8 to 30 characters. */
export const oddSecret = (): string => some(randomInt(2) === 0 ? odd : signs + odd, randomInt(8, 31));

/** Twenty secrets as they occur: tokens, passwords with odd signs, other alphabets, connection strings, keys. */
export function randomSecrets(): string[] {
  return [
    ...Array.from({ length: 6 }, () => some(signs, randomInt(8, 50))),
    ...Array.from({ length: 6 }, () => `x${some(signs + odd, randomInt(8, 30))}x`),
    ...Array.from({ length: 2 }, () => some(odd, 12).replace(/^ | $/g, "#")),
    `postgres://user:${some(signs, 12)}@db.example.com:5432/app?sslmode=require&x=\${y}`,
    some("0123456789", 12),
    `{"type":"key","private_key":"${some(signs, 30)}\\n${some(signs, 30)}"}`,
    `${some(signs, 20)}\n`,
    pem(2),
    pem(5).replaceAll("\n", "\r\n"),
  ];
}
