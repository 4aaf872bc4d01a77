import { ApiError } from "@takosumi/contracts/errors";
import { type KoaContextWithOIDC, Provider } from "oidc-provider";
import { networkOf } from "../../pipeline/attempts/network.ts";
import { countAttempt, countedSoFar } from "../../pipeline/attempts/repository.ts";
import { denied } from "../../pipeline/denials.ts";
import type { Resources } from "../../resources.ts";
import { findActiveClient } from "../oauth-clients/repository.ts";
import { askedOf } from "./asked.ts";
import { homeOf } from "./repository.ts";

type Needs = Pick<Resources, "db" | "log" | "settings">;
/** Where a client shows its secret, or comes with a code or token instead: the library's name, and ours. */
const guarded: Readonly<Record<string, string>> = {
  token: "oauthServer.token",
  introspection: "oauthServer.introspect",
  revocation: "oauthServer.revoke",
  device_authorization: "oauthServer.deviceCode",
};
/** What a device is told while its person thinks. */
const waiting = new Set(["authorization_pending", "slow_down"]);

/** Clients that nobody knows are one, so that making names up is no way around. */
const keyOf = (clientId: string | undefined, ctx: KoaContextWithOIDC) =>
  `client_failure ${clientId ?? "-"} ${networkOf(askedOf(ctx).from.address)}`;

/**
 * Refuses a client that was refused too often from this address in this minute; the same client is served at other addresses. Asked when
 * the client has been looked up, and before its secret is compared. Several at once may pass the limit by as many as they are.
 */
export async function refuseGuesses({ db, settings }: Pick<Needs, "db" | "settings">, clientId: string | undefined): Promise<void> {
  const ctx = Provider.ctx as KoaContextWithOIDC | undefined;
  if (!ctx || !(ctx.oidc.route in guarded)) return;
  const seen = await countedSoFar(db, keyOf(clientId, ctx));
  if (!seen || seen.count < settings.limits.client_failure) return;
  const seconds = Math.max(1, Math.ceil(seen.seconds_left));
  throw new ApiError("RATE_LIMITED", `Too many requests of this client were refused from this address: wait ${seconds} s`, {
    reason: "attempts",
    retry_after_ms: seconds * 1_000,
  });
}

/** Counts what was refused, but for a client that showed its secret: what its users bring is no guess of its own. Wrong secrets are recorded. */
export async function countRefused(resources: Needs, ctx: KoaContextWithOIDC): Promise<void> {
  const { route = "", client } = ctx.oidc ?? {};
  const { error } = (ctx.body ?? {}) as { readonly error?: unknown };
  const operation = guarded[route];
  if (operation === undefined || typeof error !== "string" || ctx.status >= 429 || waiting.has(error)) return;
  const unproven = error === "invalid_client";
  if (client && client.clientAuthMethod !== "none" && !unproven) return;
  await countAttempt(resources.db, keyOf(client?.clientId, ctx));
  if (unproven) await recordUnproven(resources, ctx, operation, client?.clientId);
}

/** In the chain of the client's owner; in the instance's for a client that nobody knows. */
async function recordUnproven(resources: Needs, ctx: KoaContextWithOIDC, operation: string, clientId: string | undefined): Promise<void> {
  const row = clientId === undefined ? null : await findActiveClient(resources.db, clientId);
  const workspace_id = row && (await homeOf(resources.db, row.owner_id));
  const what = { code: "UNAUTHORIZED", message: "The client did not prove that it is this one", permission: null } as const;
  await denied(resources, {
    ...askedOf(ctx).from,
    ...what,
    operation,
    principal: null,
    workspace_id,
    about: row ? { client_id: row.id } : {},
  });
}
