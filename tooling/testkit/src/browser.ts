import { type Answer, type Call, type CallOptions, caller } from "./call.ts";

export interface Browser {
  readonly call: Call;
  /** `name=value` of the session cookie. */
  readonly cookie: string;
}

/** The session cookie that an answer sets, as it is sent back; null where it sets none, or clears it. */
export function cookieIn({ headers }: Pick<Answer, "headers">): string | null {
  const set = headers.getSetCookie().find((one) => /^(?:__Host-)?tp_session/.test(one));
  const [pair = ""] = (set ?? "").split(";");
  return pair.endsWith("=") || pair === "" ? null : pair;
}

/** Speaks as a page of ours in a browser that holds this cookie. */
export const browserCall =
  (url: string, cookie: string): Call =>
  (method, path, { headers = {}, ...options }: CallOptions = {}) =>
    caller(url, null)(method, path, { ...options, headers: { cookie, origin: url, ...headers } });

/** Signs in in a browser, as the holder of a token that may all that they may. */
export async function browserOf(url: string, token: string): Promise<Browser> {
  const made = await caller(url, token)("POST", "/api/me/sign-in-codes", { body: {} });
  const answer = await caller(url, null)("POST", "/api/auth/code", { body: { code: made.body.code } });
  const cookie = cookieIn(answer);
  if (cookie === null) throw new Error(`Signing in answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return { cookie, call: browserCall(url, cookie) };
}
