import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";

/** Who the provider says is there: its next sign-in, whichever browser asks. */
export interface Somebody {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
}
export interface IdentityProvider {
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  /** From now on everybody who signs in there is this. */
  is(somebody: Somebody): void;
  /** Goes where a browser is sent, and comes back with the address that it is sent on to at last. */
  follow(url: string): Promise<string>;
  close(): Promise<void>;
}

/** A real OpenID Connect provider on loopback, that asks nobody anything. `redirects` are the addresses of its one client. */
export async function startIdentityProvider(redirects: () => readonly string[]): Promise<IdentityProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = { id: "takosumi", secret: "a secret of the client, long enough" };
  let there: Somebody = { sub: "nobody" };
  let provider: Provider | undefined;
  const open = (): Provider =>
    new Provider(issuer, {
      clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [...redirects()], response_types: ["code"] }],
      claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
      conformIdTokenClaims: false,
      features: { devInteractions: { enabled: false } },
      pkce: { required: () => true },
      cookies: { keys: ["only a test"] },
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ ...there, sub }) }),
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      loadExistingGrant: async (ctx) => {
        const grant = new ctx.oidc.provider.Grant({
          clientId: ctx.oidc.client?.clientId ?? "",
          accountId: ctx.oidc.session?.accountId ?? "",
        });
        grant.addOIDCScope("openid email profile");
        await grant.save();
        return grant;
      },
    });
  server.on("request", (request, response) => {
    provider ??= open();
    if (!request.url?.startsWith("/interaction/")) return void provider.callback()(request, response);
    void provider.interactionFinished(request, response, { login: { accountId: there.sub } });
  });
  return {
    issuer,
    client,
    is(somebody) {
      there = somebody;
    },
    async follow(url) {
      const jar = new Map<string, string>();
      for (let at = url, i = 0; i < 10; i++) {
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
        const answer = await fetch(at, { redirect: "manual", headers: { cookie } });
        for (const one of answer.headers.getSetCookie()) {
          const [pair = ""] = one.split(";");
          jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
        }
        const next = answer.headers.get("location");
        if (next === null) throw new Error(`The provider answered ${answer.status}: ${await answer.text()}`);
        at = new URL(next, at).href;
        if (!at.startsWith(issuer)) return at;
      }
      throw new Error("The provider sends a browser around");
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
