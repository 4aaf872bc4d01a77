import { deviceGrant } from "@takosumi/contracts/identity/client-metadata";
import { hashToken } from "@takosumi/keyring/tokens";
import { errors, type TokenEndpointGrantContext } from "oidc-provider";
import { counted } from "../../pipeline/attempts/counted.ts";
import type { Resources } from "../../resources.ts";
import { polledEarly } from "./repository.ts";
import { clientScopes } from "./scopes.ts";

export type GrantHandler<P extends object> = (ctx: TokenEndpointGrantContext<P>) => Promise<void> | void;

/** The library's own grants, with what it leaves out: scopes that nobody knows, and devices that ask too often. */
export function guarded<P extends object>(
  { db, settings }: Pick<Resources, "db" | "settings">,
  name: string,
  handler: GrantHandler<P>,
): GrantHandler<P> {
  if (name === "client_credentials") {
    return async (ctx) => {
      const { client } = ctx.oidc;
      // Each is kept for a day, and a client needs one an hour.
      await counted(db, `token ${client.clientId}`, settings.limits.token, "of this client");
      const params: { scope?: unknown } = ctx.oidc.params;
      params.scope = clientScopes(params.scope, client) || undefined;
      return handler(ctx);
    };
  }
  if (name !== deviceGrant) return handler;
  return async (ctx) => {
    try {
      await handler(ctx);
    } catch (error) {
      const { device_code: code } = ctx.oidc.params as { readonly device_code?: unknown };
      const waits = error instanceof errors.AuthorizationPending && typeof code === "string";
      if (waits && (await polledEarly(db, hashToken(code)))) throw new errors.SlowDown("ask again after a longer while");
      throw error;
    }
  };
}
