import type { EventEmitter } from "node:events";
import { oauthScopes } from "@takosumi/contracts/access";
import { clientAuthMethods } from "@takosumi/contracts/identity/client-metadata";
import { oauthErrorOf } from "@takosumi/contracts/oauth-errors";
import { hashToken, mintToken, sameHash } from "@takosumi/keyring/tokens";
import { failureOf } from "@takosumi/transport/failures";
import { type Configuration, interactionPolicy, type JWK, type KoaContextWithOIDC, Provider } from "oidc-provider";
import { translate } from "../../pipeline/translate.ts";
import type { Resources } from "../../resources.ts";
import { claims, findAccount } from "./account.ts";
import { adapterOf } from "./adapter.ts";
import { type Asked, askedOf } from "./asked.ts";
import { type GrantHandler, guarded } from "./grant-guards.ts";
import { freshGrant } from "./grants.ts";
import { polished } from "./polished.ts";
import { refuseScopes } from "./scopes.ts";

type Rest = Parameters<Provider["registerGrantType"]> extends [unknown, unknown, ...infer R] ? R : never;
type Needs = Pick<Resources, "db" | "log" | "settings">;
const hour = 3_600;
const day = 24 * hour;

/** The OAuth library over our tables, with these keys. Keys that change are a new one: it is cheap to make. */
export function makeProvider(resources: Needs, keys: readonly JWK[]): Provider {
  const { log, settings } = resources;
  class Guarded extends Provider {
    override registerGrantType<P extends object>(name: string, handler: GrantHandler<P>, ...rest: Rest): void {
      super.registerGrantType(name, guarded(resources, name, handler), ...rest);
    }
    /** A form is an answer that no redirect brings. */
    override registerResponseMode(...[name, handler]: Parameters<Provider["registerResponseMode"]>): void {
      if (name !== "form_post") super.registerResponseMode(name, handler);
    }
  }
  const provider = new Guarded(settings.public_url, configurationOf(resources, keys));
  provider.use(polished(resources));
  (provider as EventEmitter).on("error", (err: unknown) => log.error({ err }, "the OAuth server failed outside of a request"));
  provider.on("server_error", (ctx, err) => {
    // Whoever asked for it by `ask` is told.
    if (ctx.oidc.route === "authorization") return;
    const { error, status, headers, unexpected } = failureOf(err, askedOf(ctx).from.request_id, translate);
    ctx.status = status;
    ctx.set(headers);
    ctx.body = oauthErrorOf(error);
    if (unexpected) log.error({ err, request_id: askedOf(ctx).from.request_id }, "the OAuth server failed");
  });
  provider.Client.prototype.compareClientSecret = function (this: { clientSecret?: string }, shown: string): boolean {
    return this.clientSecret !== undefined && sameHash(this.clientSecret, hashToken(shown));
  };
  for (const { prototype } of [provider.AccessToken, provider.ClientCredentials]) begunWithOurs(prototype);
  ourSessions(provider);
  return provider;
}

/** An access token says what it is by its beginning, as every token of ours does. The library's own way of making one also sets its format. */
function begunWithOurs(prototype: object): void {
  const minted = prototype as { generateTokenId(): string };
  const own = minted.generateTokenId;
  minted.generateTokenId = function () {
    own.call(this);
    return mintToken("tak_oat_");
  };
}

/** Whoever is signed in with us is who the library sees; it keeps no session of its own that could name somebody else. */
function ourSessions(provider: Provider): void {
  const { Session } = provider;
  const Made = Session as unknown as new (about: object) => InstanceType<typeof Session>;
  Session.get = async (ctx: KoaContextWithOIDC) => {
    const { who } = askedOf(ctx);
    const session = new Made(who ? { accountId: who.user_id, loginTs: who.since } : {});
    ctx.oidc.entity("Session", session);
    return session;
  };
}

function configurationOf(resources: Needs, keys: readonly JWK[]): Configuration {
  const { db } = resources;
  return {
    adapter: adapterOf(resources),
    jwks: { keys: [...keys] },
    scopes: [...oauthScopes],
    claims,
    responseTypes: ["code"],
    clientAuthMethods: [...clientAuthMethods],
    enabledJWA: { idTokenSigningAlgValues: ["RS256"] },
    pkce: { required: () => true },
    // The library has passed over scopes that it does not know by then: what the client sent is looked at.
    extraParams: { scope: async (ctx, _scope, client) => refuseScopes((ctx.method === "POST" ? ctx.oidc.body : ctx.query)?.scope, client) },
    findAccount: (_ctx, id) => findAccount(db, id),
    loadExistingGrant: (ctx) => freshGrant(db, ctx),
    expiresWithSession: async () => false,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    rotateRefreshToken: true,
    allowOmittingSingleRegisteredRedirectUri: false,
    clockTolerance: 0,
    ttl: {
      AccessToken: hour,
      AuthorizationCode: 600,
      ClientCredentials: hour,
      DeviceCode: 900,
      Grant: 365 * day,
      IdToken: hour,
      Interaction: 60,
      RefreshToken: 30 * day,
      Session: 60,
    },
    interactions: { policy: policy(), url: interrupt },
    renderError: (ctx, body, error) => {
      const { statusCode } = error as { statusCode?: number };
      if (statusCode === undefined || statusCode >= 500) askedOf(ctx).failed = error;
      else askedOf(ctx).refused = { status: statusCode, body };
      ctx.body = body;
    },
    features: {
      claimsParameter: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true, charset: "base-20", mask: "****-****" },
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      introspection: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: true },
    },
    routes: {
      authorization: "/oauth/authorize",
      code_verification: "/oauth/device",
      device_authorization: "/oauth/device/code",
      introspection: "/oauth/introspect",
      jwks: "/.well-known/jwks.json",
      revocation: "/oauth/revoke",
      token: "/oauth/token",
      userinfo: "/oauth/userinfo",
    },
  };
}

/** Where the library would send the browser to ask the person, it tells us instead. */
function interrupt(ctx: KoaContextWithOIDC, interaction: { readonly prompt: { readonly name: string }; readonly params: object }): string {
  const asked: Asked = askedOf(ctx);
  const prompt = interaction.prompt.name === "login" ? "login" : "consent";
  asked.interrupted = { prompt, client_id: ctx.oidc.client?.clientId ?? "", params: { ...interaction.params } };
  return "/";
}

/** The library's own, but that an app on the person's machine is asked about until they have just agreed. */
function policy(): interactionPolicy.DefaultPolicy {
  const base = interactionPolicy.base();
  const { checks } = base.get("consent") ?? {};
  checks?.remove("native_client_prompt");
  checks?.add(
    new interactionPolicy.Check(
      "native_client_prompt",
      "an app on this machine asks each time",
      "interaction_required",
      (ctx) => ctx.oidc.client?.applicationType === "native" && !askedOf(ctx).agreed,
    ),
  );
  return base;
}
