import { newId, prefixes } from "@takosumi/contracts/ids";
import type { SessionRow } from "@takosumi/db/rows";
import { hashToken, mintToken } from "@takosumi/keyring/tokens";
import type { Origin } from "@takosumi/transport/application";
import type { NewSession, OwnSession } from "./repository.ts";

/** How long a session lasts, used or not. */
export const sessionSeconds = 7 * 24 * 3_600;
/** A cookie's value is no bearer, so that it has no prefix; what a program holds is told by its own. */
const tokenPrefixes = { browser: "", cli: "tak_ses_", external: "tak_ext_" } as const satisfies Record<SessionRow["kind"], string>;

interface Beginning extends Pick<SessionRow, "user_id" | "kind" | "method"> {
  readonly from: Pick<Origin, "address" | "user_agent">;
  /** Where it ends earlier or later than a session does. */
  readonly seconds?: number;
}
/** A session that nobody has opened yet, and what shows it. */
export function newSession({ user_id, kind, method, from, seconds = sessionSeconds }: Beginning): { token: string; row: NewSession } {
  const token = mintToken(tokenPrefixes[kind]);
  const expires_at = new Date(Date.now() + seconds * 1_000);
  const { address, user_agent } = from;
  return {
    token,
    row: { id: newId(prefixes.session), user_id, kind, method, token_hash: hashToken(token), address, user_agent, expires_at },
  };
}

export const shownSession =
  (current: string | null) =>
  ({ id, kind, method, address, user_agent, created_at, last_used_at, expires_at }: OwnSession) => ({
    id,
    kind,
    method,
    current: id === current,
    address,
    user_agent,
    created_at: created_at.toISOString(),
    last_used_at: last_used_at.toISOString(),
    expires_at: expires_at.toISOString(),
  });
