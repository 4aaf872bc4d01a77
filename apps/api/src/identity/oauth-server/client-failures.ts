import { oauthErrorOf } from "@takosumi/contracts/oauth-errors";
import { errors, type KoaContextWithOIDC, Provider } from "oidc-provider";
import { countAttempt, countedSoFar } from "../../pipeline/attempts/repository.ts";
import type { Resources } from "../../resources.ts";
import { askedOf } from "./asked.ts";

type Needs = Pick<Resources, "db" | "settings">;
/** Where a client shows its secret, or comes with a code or token instead. */
const guarded = new Set(["token", "introspection", "revocation", "device_authorization"]);
/** What a device is told while its person thinks. */
const waiting = new Set(["authorization_pending", "slow_down"]);

/** Clients that nobody knows are one, so that making names up is no way around. */
const keyOf = (clientId: string | undefined, address: string) => `client_failure ${clientId ?? "-"} ${address}`;
const secondsOf = (left: number) => Math.max(1, Math.ceil(left));

/**
 * Refuses a client that was refused too often from this address in this minute; the same client is served at other addresses. Asked when
 * the client has been looked up, and before its secret is compared. Several at once may pass the limit by as many as they are.
 */
export async function refuseGuesses({ db, settings }: Needs, clientId: string | undefined): Promise<void> {
  const ctx = Provider.ctx as KoaContextWithOIDC | undefined;
  if (!ctx || !guarded.has(ctx.oidc.route)) return;
  const seen = await countedSoFar(db, keyOf(clientId, askedOf(ctx).from.address));
  if (!seen || seen.count < settings.limits.client_failure) return;
  const seconds = secondsOf(seen.seconds_left);
  ctx.set("retry-after", String(seconds));
  const message = `too many requests of this client were refused from this address: wait ${seconds} s`;
  const { error, error_description } = oauthErrorOf({ code: "RATE_LIMITED", message, details: undefined });
  throw Object.assign(new errors.OIDCProviderError(429, error), { error_description });
}

/** Counts what was refused, but for a client that showed its secret: what its users bring is no guess of its own. */
export async function countRefused({ db }: Needs, ctx: KoaContextWithOIDC): Promise<void> {
  const { route, client } = ctx.oidc ?? {};
  const { error } = (ctx.body ?? {}) as { readonly error?: unknown };
  if (!guarded.has(route ?? "") || typeof error !== "string" || ctx.status >= 429 || waiting.has(error)) return;
  const showedSecret = client && client.clientAuthMethod !== "none" && error !== "invalid_client";
  if (!showedSecret) await countAttempt(db, keyOf(client?.clientId, askedOf(ctx).from.address));
}
