/** An answer as it came over the wire. `body` is the parsed JSON, or the text where it is none. */
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever a server answered
  readonly body: any;
  readonly headers: Headers;
}
export interface CallOptions {
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}
export type Call = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

/** Speaks HTTP with a server as the holder of `token`; null shows none. Never throws on a status. `send` may look at what is answered. */
export const caller =
  (url: string, token: string | null, send: typeof fetch = fetch): Call =>
  async (method, path, { body, raw, headers = {} } = {}) => {
    const sent = raw ?? (body === undefined ? null : JSON.stringify(body));
    const type = sent === null ? {} : { "content-type": "application/json" };
    const credential = token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await send(url + path, { method, body: sent, headers: { ...type, ...credential, ...headers }, redirect: "manual" });
    const text = await response.text();
    return { status: response.status, body: parsed(text), headers: response.headers };
  };

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
