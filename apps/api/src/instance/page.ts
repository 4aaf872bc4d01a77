import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Cookie } from "@takosumi/contracts/infer";
import { cookieText } from "@takosumi/transport/answers";

/** Text that is HTML already; made by `html` alone. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
type Part = string | number | Html | null | readonly (Html | null)[];
const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
const written = (part: Part): string => {
  if (part === null) return "";
  if (part instanceof Html) return part.text;
  return typeof part === "object" ? part.map(written).join("") : escaped(String(part));
};
/** A template whose values are escaped: `<p>${name}</p>`. Null writes nothing, and a list each of its parts. */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(texts.map((text, i) => text + written(parts[i] ?? null)).join(""));

export interface Page {
  readonly title: string;
  readonly body: Html;
  /** JavaScript of ours; never a value that came in. */
  readonly script?: string;
  /** Where forms of it may lead beside this instance, redirects after them included: "http://127.0.0.1:*". */
  readonly forms?: readonly string[];
  readonly status?: number;
  readonly cookies?: readonly Cookie[];
}

const style = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem}
label{display:block;margin:.75rem 0 .25rem}input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}
button{font:inherit;padding:.5rem 1rem;margin:1rem .5rem 0 0}.wrong{border-left:4px solid #c00;padding-left:.75rem}dt{font-weight:600}dd{margin:0 0 .5rem}`;

/** A whole page. It runs no script and takes no style but its own, is shown in no frame, and is kept by nobody. */
export function sendPage(response: ServerResponse, { title, body, script, forms = [], status = 200, cookies = [] }: Page): void {
  const nonce = randomBytes(16).toString("base64url");
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    ...(script === undefined ? [] : [`script-src 'nonce-${nonce}'`]),
    `form-action ${["'self'", ...forms].join(" ")}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  const run = script === undefined ? null : new Html(`<script nonce="${nonce}">${script}</script>`);
  const page = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} - Takosumi</title><style nonce="${nonce}">${new Html(style)}</style></head><body><main><h1>${title}</h1>${body}</main>${run}</body></html>`;
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy.join("; "),
    ...plainHeaders,
    ...(cookies.length > 0 && { "set-cookie": cookies.map(cookieText) }),
  });
  response.end(page.text);
}

/** Sends a browser on, with GET. */
export function redirect(response: ServerResponse, location: string, cookies: readonly Cookie[] = [], status: 302 | 303 = 303): void {
  if (/[\r\n]/.test(location)) throw new Error("A redirect is one line");
  response.writeHead(status, { location, ...plainHeaders, ...(cookies.length > 0 && { "set-cookie": cookies.map(cookieText) }) });
  response.end();
}

const plainHeaders = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  // `no-referrer` would make the Origin of our own forms "null".
  "referrer-policy": "same-origin",
} as const;
