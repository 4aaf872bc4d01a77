import type { IncomingHttpHeaders } from "node:http";
import type { Cookie } from "@takosumi/contracts/infer";
import { instanceChain } from "@takosumi/db/audit";
import { SealError } from "@takosumi/keyring/seal-error";
import { cookieNamed, sessionCookie } from "../../instance/web.ts";
import type { Resources } from "../../resources.ts";
import type { Expected } from "./provider.ts";

/** What a browser that went to the provider was about. */
export interface Attempt extends Expected {
  readonly purpose: "sign_in" | "link";
  readonly return_to: string;
  /** Who links. */
  readonly user_id: string | null;
  readonly until: number;
}
const lastsMs = 10 * 60_000;

/** Opens for the one state that was sent along: the cookie of another attempt is none of this one. */
const place = (state: string) => ({ table: "oidc_attempts", workspace: instanceChain, row: state, field: "attempt" }) as const;
const named = (publicUrl: string) => {
  const { name, secure } = sessionCookie(publicUrl);
  return { name: name.replace("tp_session", "tp_oidc"), secure, same_site: "lax" as const };
};

/** Keeps an attempt in the browser that made it, sealed, for ten minutes. */
export async function attemptCookie(
  { keyring, settings }: Pick<Resources, "keyring" | "settings">,
  attempt: Omit<Attempt, "until">,
): Promise<Cookie> {
  const text = JSON.stringify({ ...attempt, until: Date.now() + lastsMs } satisfies Attempt);
  return { ...named(settings.public_url), value: await keyring.seal(place(attempt.state), text), max_age: lastsMs / 1_000 };
}
export const noAttempt = (publicUrl: string): Cookie => ({ ...named(publicUrl), value: "", max_age: 0 });

/** The attempt that an answer with this state belongs to; null where this browser made none, or it is too old. */
export async function attemptOf(
  { keyring, settings }: Pick<Resources, "keyring" | "settings">,
  headers: IncomingHttpHeaders,
  state: string | undefined,
  purpose: Attempt["purpose"],
): Promise<Attempt | null> {
  const sealed = cookieNamed(named(settings.public_url).name, headers);
  if (sealed === null || state === undefined || !/^[A-Za-z0-9_-]{16,256}$/.test(state)) return null;
  try {
    const attempt = JSON.parse((await keyring.open(place(state), sealed)).toString("utf8")) as Attempt;
    return attempt.purpose === purpose && attempt.until > Date.now() ? attempt : null;
  } catch (error) {
    if (error instanceof SealError) return null;
    throw error;
  }
}
