import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { ApiError } from "@takosumi/contracts/errors";
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
const textOf = (part: Part): string => {
  if (part === null) return "";
  if (part instanceof Html) return part.text;
  return typeof part === "object" ? part.map(textOf).join("") : escaped(String(part));
};
/** A template whose values are escaped: `<p>${name}</p>`. Null writes nothing, and a list each of its parts. */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(texts.map((text, i) => text + textOf(parts[i] ?? null)).join(""));

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

const style = `:root{color-scheme:light dark;--back:#f4f5f7;--card:#fff;--text:#1b1e23;--quiet:#555c66;--line:#c3c8d0;--act:#1d56b0;--on-act:#fff;--wrong:#b3261e}
@media(prefers-color-scheme:dark){:root{--back:#131518;--card:#1d2025;--text:#e8eaed;--quiet:#a7adb7;--line:#4a505a;--act:#8ab4f8;--on-act:#10141b;--wrong:#f2b8b5}}
*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;margin:0;padding:1.5rem 1rem;background:var(--back);color:var(--text)}
main{max-width:28rem;margin:6vh auto 0;padding:1.75rem;background:var(--card);border:1px solid var(--line);border-radius:10px;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:.25rem 0 1rem}p{margin:0 0 1rem}form+p{margin-top:1.25rem}main>:last-child{margin-bottom:0}.brand{font-size:.875rem;font-weight:600;color:var(--quiet);margin:0}
a{color:var(--act)}label{display:block;font-weight:600;margin:1rem 0 .25rem}ul{padding-left:1.25rem;margin:0 0 1rem}li{margin:.25rem 0}
input{font:inherit;width:100%;padding:.5rem .75rem;color:var(--text);background:var(--card);border:1px solid var(--quiet);border-radius:6px}
button{font:inherit;font-weight:600;padding:.5rem 1.25rem;margin:1.25rem .75rem 0 0;color:var(--on-act);background:var(--act);border:1px solid var(--act);border-radius:6px;cursor:pointer}
button.no{color:var(--act);background:none}.wrong{border-left:4px solid var(--wrong);padding-left:.75rem}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}`;

/** The link of a mail that is opened where its page is shown already only changes the fragment: the page is then loaded anew. */
export const followsFragment = `addEventListener("hashchange",()=>location.assign(location.pathname+"?"+location.hash));`;

/** A page as it goes out. It runs no script and takes no style but its own, is shown in no frame, and is kept by nobody. */
function rendered({ title, body, script, forms = [], status = 200, cookies = [] }: Page): Rendered {
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
  const page = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title} - Takosumi</title><style nonce="${nonce}">${new Html(style)}</style></head><body><main><p class="brand">Takosumi</p><h1>${title}</h1>${body}</main>${run}</body></html>`;
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy.join("; "),
    ...plainHeaders,
    ...(cookies.length > 0 && { "set-cookie": cookies.map(cookieText) }),
  };
  return { status, headers, text: page.text };
}
interface Rendered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly text: string;
}

export function sendPage(response: ServerResponse, page: Page): void {
  const { status, headers, text } = rendered(page);
  response.writeHead(status, headers);
  response.end(text);
}

/** What a browser is shown where a page could not be. */
export const failurePage = ({ message }: ApiError, status: number): Rendered =>
  rendered({ title: "This did not work", body: html`<p class="wrong" role="alert">${message}</p>`, status });

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
