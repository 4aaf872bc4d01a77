import type { Scope } from "@takosumi/contracts/access";
import { inScope } from "@takosumi/contracts/access";
import { ApiError } from "@takosumi/contracts/errors";
import { newId, prefixes } from "@takosumi/contracts/ids";
import { hashToken, mintToken } from "@takosumi/keyring/tokens";
import type { Principal } from "@takosumi/transport/application";
import type { AccessTokenRow, NewToken } from "./repository.ts";

/** Characters of a token that are kept to tell it apart. */
const prefixLength = 12;

export interface Wanted {
  readonly name: string;
  readonly scopes: "*" | readonly Scope[];
  readonly expires_at: Date | null;
}

/** A token and its row. Wider than what asks for it, it is refused. */
export function newToken(who: Principal, user_id: string, workspace_id: string | null, wanted: Wanted): { token: string; row: NewToken } {
  const missing = who.scopes === "*" ? [] : wanted.scopes === "*" ? ["*"] : wanted.scopes.filter((one) => !inScope(who.scopes, one));
  if (missing.length > 0)
    throw new ApiError("FORBIDDEN", `This token's own scopes do not include ${missing.join(", ")}`, { reason: "scope" });
  const token = mintToken("tak_pat_");
  const row = {
    id: newId(prefixes.token),
    user_id,
    workspace_id,
    name: wanted.name,
    token_hash: hashToken(token),
    token_prefix: token.slice(0, prefixLength),
    scopes: wanted.scopes === "*" ? null : wanted.scopes,
    expires_at: wanted.expires_at,
  };
  return { token, row };
}

/** The moment that a text means; it must lie ahead. */
export function expiryOf(text: string | undefined, path: string): Date | null {
  if (text === undefined) return null;
  const at = new Date(text);
  if (at.getTime() > Date.now()) return at;
  const message = "lies in the past: leave it out for a token that does not expire";
  throw new ApiError("BAD_REQUEST", `${path}: ${message}`, { reason: "invalid", fields: [{ path, message }] });
}

/** Never the token, nor its hash. */
export const shownToken = ({ id, name, token_prefix, scopes, expires_at, last_used_at, created_at }: AccessTokenRow) => ({
  id,
  name,
  token_prefix,
  scopes: scopes === null ? "*" : JSON.stringify(scopes),
  expires_at: expires_at?.toISOString() ?? null,
  last_used_at: last_used_at?.toISOString() ?? null,
  created_at: created_at.toISOString(),
});
