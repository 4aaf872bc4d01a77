import { deviceGrant, grantTypes } from "@takosumi/contracts/identity/client-metadata";
import type { KoaContextWithOIDC, Provider } from "oidc-provider";
import type { Resources } from "../../resources.ts";
import { countRefused } from "./client-failures.ts";

type Body = Record<string, unknown>;
const maxAge = "public, max-age=3600";

/** A grant that is not the client's is an error of its own (RFC 6749, 5.2). */
function notTheirs(body: Body, { oidc: { client, params, route } }: KoaContextWithOIDC): void {
  const grant = route === "device_authorization" ? deviceGrant : params?.grant_type;
  if (body.error === "invalid_request" && client && typeof grant === "string" && isGrant(grant) && !client.grantTypeAllowed(grant))
    body.error = "unauthorized_client";
}
const isGrant = (name: string) => (grantTypes as readonly string[]).includes(name);

/** What the library's answers lack: RFC 7591 is ours, only codes in a query are answered, and who is refused is counted. */
export const polished = (resources: Pick<Resources, "db" | "log" | "settings">): Parameters<Provider["use"]>[0] => {
  const { public_url: publicUrl } = resources.settings;
  const fill: Readonly<Record<string, (body: Body, ctx: KoaContextWithOIDC) => void>> = {
    discovery: (body, ctx) => {
      body.registration_endpoint = `${publicUrl}/oauth/register`;
      body.response_modes_supported = ["query"];
      ctx.set("cache-control", maxAge);
    },
    token: notTheirs,
    jwks: (_body, ctx) => ctx.set("cache-control", maxAge),
    device_authorization: (body, ctx) => {
      notTheirs(body, ctx);
      if (body.device_code !== undefined) body.interval = 5;
    },
    introspection: (body, ctx) => {
      if (body.active !== true) return;
      if (ctx.oidc.entities.RefreshToken) body.token_type = "refresh_token";
      // A client by itself acts for nobody.
      body.sub ??= body.client_id;
    },
  };
  return async (bare, next) => {
    const settled = "access-control-allow-origin" in bare.response.headers;
    await next();
    if (!settled) for (const name of ["access-control-allow-origin", "access-control-expose-headers"]) bare.remove(name);
    const ctx = bare as unknown as KoaContextWithOIDC;
    const { body } = ctx;
    if (typeof body === "object" && body !== null) fill[ctx.oidc?.route ?? ""]?.(body as Body, ctx);
    await countRefused(resources, ctx);
  };
};
