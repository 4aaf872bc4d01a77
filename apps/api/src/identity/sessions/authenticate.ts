import type { IncomingHttpHeaders } from "node:http";
import { hashToken } from "@takosumi/keyring/tokens";
import type { Principal } from "@takosumi/transport/application";
import { cookieNamed, refuseForeignOrigin, sessionCookie } from "../../instance/web.ts";
import type { Resources } from "../../resources.ts";
import { findSession, type SessionHolder } from "./repository.ts";

const shape = /^[A-Za-z0-9_-]{43}$/;

/** The principal of an open session. */
export const principalOf = (found: SessionHolder, address: string | null): Principal => ({
  id: found.user_id,
  kind: "user",
  name: found.user_name,
  // What another service holds tells it who somebody is, and no more.
  scopes: found.kind === "external" ? ["account:read"] : "*",
  token_id: found.session_id,
  address,
  session: found.kind === "browser",
  expires_at: found.expires_at,
});

/**
 * The browser session that the cookie of a request shows; null where there is none that is open: `principalOf` says who that is. For pages
 * and redirects; whether it may change something is not asked here.
 */
export async function sessionOfCookie(
  { db, settings }: Pick<Resources, "db" | "settings">,
  headers: IncomingHttpHeaders,
): Promise<SessionHolder | null> {
  const token = cookieNamed(sessionCookie(settings.public_url).name, headers);
  if (token === null || !shape.test(token)) return null;
  const found = await findSession(db, hashToken(token));
  return found && !found.over && found.kind === "browser" ? found : null;
}

/** A cookie is sent along whoever asks, so that what changes something, and every socket, must come from a page of ours. */
export function refuseForeignUse(publicUrl: string, method: string, upgrade: boolean, headers: IncomingHttpHeaders): void {
  if (upgrade || (method !== "GET" && method !== "HEAD")) refuseForeignOrigin(publicUrl, headers);
}
