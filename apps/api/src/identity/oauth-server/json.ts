import type { IncomingMessage, ServerResponse } from "node:http";

/** Of a registration, in bytes. */
const limit = 64 * 1024;

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(JSON.stringify(body));
}
/** An error as OAuth writes one. One about a bearer is told in the header as well (RFC 6750). */
export function sendError(response: ServerResponse, status: number, error: string, error_description: string): void {
  if (status === 401) response.setHeader("www-authenticate", `Bearer error="${error}"`);
  sendJson(response, status, { error, error_description });
}

/** The JSON of a request; undefined where it is none, too long, or not said to be JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers["content-type"] ?? "")) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > limit) return undefined;
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    return undefined;
  }
}
