import { ApiError } from "@takosumi/contracts/errors";
import { hashToken } from "@takosumi/keyring/tokens";
import type { Door, Principal } from "@takosumi/transport/application";
import type { Resources } from "../../resources.ts";
import { appOf } from "../oauth-server/authenticate.ts";
import { principalOf, refuseForeignUse, sessionOfCookie } from "../sessions/authenticate.ts";
import { findSession } from "../sessions/repository.ts";
import { bearerOf } from "./bearer.ts";
import { findHolder, findRunnerToken } from "./repository.ts";
import type { Uses } from "./uses.ts";

const refuse = (reason: "invalid" | "expired" | "revoked", message: string): never => {
  throw new ApiError("UNAUTHORIZED", message, { reason });
};

/**
 * Who shows this credential. Null where none is shown. An Authorization header that is not valid is refused, and nothing else is looked
 * at instead of it; a cookie that shows no open session counts as none. Schemes with a credential of their own are their handlers' to check.
 */
export async function authenticate(resources: Pick<Resources, "db" | "settings">, uses: Uses, door: Door): Promise<Principal | null> {
  const { db } = resources;
  const { headers, address, scheme } = door;
  if (scheme !== "any" && scheme !== "runner") return null;
  const token = bearerOf(headers);
  if (token === null) return scheme === "any" ? browser(resources, uses, door) : null;
  if (scheme === "runner") return runner(db, token, address);
  if (token.startsWith("tak_oat_")) return appOf(db, token, address);
  return /^tak_(?:ses|ext)_/.test(token) ? program(db, uses, token, address) : user(db, uses, token, address);
}

async function browser(resources: Pick<Resources, "db" | "settings">, uses: Uses, door: Door): Promise<Principal | null> {
  const { headers, address, method, upgrade } = door;
  const found = await sessionOfCookie(resources, headers);
  if (!found) return null;
  refuseForeignUse(resources.settings.public_url, method, upgrade, headers);
  uses.note(found.session_id, found.unused_for);
  return principalOf(found, address);
}

/** What a program was given by a browser session: `takosumi login`. */
async function program(db: Resources["db"], uses: Uses, token: string, address: string): Promise<Principal> {
  const found = await findSession(db, hashToken(token));
  if (!found || found.kind === "browser")
    return refuse("invalid", "The token is not known: its session is long over, or of another instance");
  if (found.over) return refuse("expired", "The session of this token is over: sign in again");
  uses.note(found.session_id, found.unused_for);
  return principalOf(found, address);
}

async function user(db: Resources["db"], uses: Uses, token: string, address: string): Promise<Principal> {
  if (token.startsWith("tak_run_")) return refuse("invalid", "This is a runner's token: it only speaks the runner protocol");
  if (!token.startsWith("tak_pat_")) return refuse("invalid", "This kind of token is not known here");
  const found = await findHolder(db, hashToken(token));
  if (!found) return refuse("invalid", "The token is not known: it was deleted, or belongs to another instance");
  if (found.revoked) return refuse("revoked", "The token was revoked");
  if (found.expired) return refuse("expired", "The token has expired");
  uses.note(found.token_id, found.unused_for);
  const { user_id: id, user_kind: kind, user_name: name, token_id, workspace_id, scopes, expires_at } = found;
  return { id, kind, name, scopes: scopes ?? "*", token_id, address, workspace_id, expires_at };
}

/** The principal of a runner: its name is the pool that the token belongs to. It has no scopes and no role anywhere. */
async function runner(db: Resources["db"], token: string, address: string): Promise<Principal> {
  if (!token.startsWith("tak_run_")) return refuse("invalid", "This is not a runner's token: one begins with tak_run_");
  const found = await findRunnerToken(db, hashToken(token));
  if (!found) return refuse("invalid", "The runner's token is not known here");
  if (found.revoked) return refuse("revoked", "The runner's token was revoked");
  return { id: found.id, kind: "runner", name: found.pool, scopes: [], token_id: found.id, address };
}
