import { caller } from "@takosumi/testkit/call";
import * as oidc from "openid-client";
import { beforeAll, describe, expect, it } from "vitest";
import { answered, asking, clientOf, oauthSuite, type Registered, registeredClient } from "./oauth.ts";

const listed = "https://board.example.com";
const app = "https://spa.example.com";
const on = oauthSuite({ TAKOSUMI_BROWSER_ORIGINS: `${listed},http://localhost:5173` });
let spa: Registered;
beforeAll(async () => {
  spa = await registeredClient(on.api.call, {
    redirect_uris: [`${app}/callback`, "http://127.0.0.1:4321/"],
    token_endpoint_auth_method: "none",
  });
});

const paths = ["/api/me", "/api/projects?limit=1", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/.well-known/openid-configuration"];
const closed = [
  "/oauth/introspect",
  "/oauth/register",
  "/oauth/authorize",
  "/auth/login",
  "/openapi.json",
  "/docs/",
  "/healthz",
  "/oauth/tokens",
];
const preflight = (path: string, origin: string, wanted = "POST") =>
  caller(on.api.url, null)("OPTIONS", path, {
    headers: { origin, "access-control-request-method": wanted, "access-control-request-headers": "authorization" },
  });
/** What a browser goes by. */
const told = ({ headers }: { readonly headers: Headers }) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));

describe("a page of an origin that is listed, or that a public client is sent back to", () => {
  it.each(paths.flatMap((path) => [listed, "http://localhost:5173", app, "http://127.0.0.1:4321"].map((origin) => [path, origin])))(
    "may ask %s from %s, for two hours without asking again, and never with a cookie",
    async (path, origin) => {
      const asked = await preflight(path, origin);
      expect([asked.status, asked.body]).toEqual([204, ""]);
      expect(told(asked)).toEqual({
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "access-control-allow-headers": expect.stringMatching(/\bauthorization\b.*\bcontent-type\b.*\bidempotency-key\b/),
        "access-control-max-age": "7200",
      });
      const answer = await caller(on.api.url, on.api.token)("GET", path, { headers: { origin } });
      expect(told(answer)).toEqual({ "access-control-allow-origin": origin, "access-control-expose-headers": "*" });
      for (const { headers } of [asked, answer]) expect(headers.get("vary")?.toLowerCase()).toContain("origin");
    },
  );

  it("goes the whole way from discovery to the API and back out, as a browser does it", async () => {
    const headers = { origin: app };
    const seen: string[] = [];
    const fromPage: oidc.CustomFetch = async (url, options) => {
      const answer = await fetch(url, { ...options, headers: { ...options.headers, ...headers } } as RequestInit);
      seen.push(`${new URL(url).pathname} ${answer.headers.get("access-control-allow-origin")}`);
      return answer;
    };
    const client = await clientOf(on.api.url, spa);
    client[oidc.customFetch] = fromPage;
    const asked = await asking(client, { redirect_uri: `${app}/callback` });
    const checks = { pkceCodeVerifier: asked.verifier, expectedState: asked.state, expectedNonce: asked.nonce };
    const tokens = await oidc.authorizationCodeGrant(client, await answered(on.browser, asked), checks);
    await oidc.fetchUserInfo(client, tokens.access_token, tokens.claims()?.sub ?? "");
    const { refresh_token = "", access_token } = await oidc.refreshTokenGrant(client, tokens.refresh_token ?? "");
    const read = await caller(on.api.url, access_token)("GET", "/api/projects", { headers });
    expect([read.status, told(read)["access-control-allow-origin"]]).toEqual([200, app]);
    const bearer = { ...headers, authorization: `Bearer ${access_token}` };
    const stream = await fetch(`${on.api.url}/api/runs/sse?workspace_id=me`, { headers: bearer });
    expect([stream.status, stream.headers.get("access-control-allow-origin")]).toEqual([200, app]);
    await oidc.tokenRevocation(client, refresh_token);
    await stream.text();
    expect(seen).toEqual(["/oauth/token", "/oauth/userinfo", "/oauth/token", "/oauth/revoke"].map((path) => `${path} ${app}`));
  });

  it("reads refusals as well, and how much of its limit is left", async () => {
    const headers = { origin: app };
    const refused = await caller(on.api.url, "tak_pat_unknown-unknown-unknown")("GET", "/api/me", { headers });
    const wrong = await caller(on.api.url, null)("POST", "/oauth/token", { headers, raw: "grant_type=refresh_token" });
    for (const answer of [refused, wrong]) expect(told(answer)["access-control-allow-origin"]).toBe(app);
    expect(Number(wrong.headers.get("x-ratelimit-remaining"))).toBeGreaterThan(0);
  });
});

describe("any other page", () => {
  it.each([
    "https://evil.example",
    `${app}.evil.example`,
    "http://spa.example.com",
    `${app}:8443`,
    `${app}/`,
    "https://SPA.example.com",
    "https://app.example.com",
    "null",
    "",
    "file://",
    "https://a b",
    `https://${"x".repeat(400)}.example`,
    "https://spa.example.com%00",
  ])("is told nothing that lets it read: %j", async (origin) => {
    for (const path of paths) {
      expect(told(await preflight(path, origin)), path).toEqual({});
      const answer = await caller(on.api.url, on.api.token)("GET", path, { headers: { origin } });
      expect([path, told(answer), answer.status < 500]).toEqual([path, {}, true]);
      expect(answer.headers.get("vary")?.toLowerCase()).toContain("origin");
    }
  });

  it.each(closed)("of whatever origin reads nothing of %s", async (path) => {
    for (const origin of [listed, app]) {
      expect(told(await preflight(path, origin))).toEqual({});
      expect(told(await caller(on.api.url, null)("GET", path, { headers: { origin } }))).toEqual({});
    }
  });

  it("is what a page of a revoked client is, and one of a client that became confidential", async () => {
    const made = async (host: string) =>
      (
        await on.api.call("POST", "/oauth/register", {
          body: { client_name: "Gone", redirect_uris: [`https://${host}/callback`], token_endpoint_auth_method: "none" },
        })
      ).body as Registered;
    const allowed = async (host: string) => "access-control-allow-origin" in told(await preflight("/api/me", `https://${host}`));
    const [gone, closing] = [await made("gone.example.com"), await made("closing.example.com")];
    expect([await allowed("gone.example.com"), await allowed("closing.example.com")]).toEqual([true, true]);
    await on.api.call("DELETE", `/api/me/oauth/clients/${gone.client_id}`);
    const body = { client_id: closing.client_id, client_name: "Closed", redirect_uris: ["https://closing.example.com/callback"] };
    await caller(on.api.url, closing.registration_access_token)("PUT", `/oauth/register/${closing.client_id}`, { body });
    expect([await allowed("gone.example.com"), await allowed("closing.example.com")]).toEqual([false, false]);
  });

  it("tries no password or code, and asks nothing of the API without a token", async () => {
    const wants = { origin: app, "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
    for (const path of ["/api/auth/password", "/api/auth/code", "/api/seed-repositories"])
      expect(told(await caller(on.api.url, null)("OPTIONS", path, { headers: wants }))).toEqual({});
    const tried = { headers: { origin: app }, body: { username: "owner", password: "a guess at it" } };
    expect(told(await caller(on.api.url, null)("POST", "/api/auth/password", tried))).toEqual({});
    expect(told(await caller(on.api.url, null)("GET", "/api/seed-repositories", { headers: { origin: app } }))).toEqual({});
  });

  it("cannot have the cookie sent and the answer read, and changes nothing with it", async () => {
    const headers = { origin: app, cookie: on.browser.cookie };
    const read = await caller(on.api.url, null)("GET", "/api/me", { headers });
    expect(read.headers.get("access-control-allow-credentials")).toBeNull();
    const change = await caller(on.api.url, null)("POST", "/api/projects", { headers, body: { name: "theirs" } });
    expect(change).toMatchObject({ status: 403, body: { error: { details: { reason: "origin" } } } });
  });
});
