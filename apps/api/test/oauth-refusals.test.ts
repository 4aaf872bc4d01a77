import { createActor } from "@takosumi/testkit/actors";
import { type Browser, browserOf } from "@takosumi/testkit/browser";
import { caller } from "@takosumi/testkit/call";
import * as oidc from "openid-client";
import { describe, expect, it } from "vitest";
import {
  answered,
  asking,
  callback,
  clientOf,
  fieldsOf,
  granted,
  oauthSuite,
  pathOf,
  posted,
  type Registered,
  registeredClient,
  submitted,
} from "./oauth.ts";

const on = oauthSuite();

const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const plain = () => ({
  response_type: "code",
  client_id: on.registered.client_id,
  redirect_uri: callback,
  scope: "openid",
  state: "s",
  code_challenge: challenge,
  code_challenge_method: "S256",
});
const authorize = (given: Readonly<Record<string, string | undefined>>) => {
  const query = Object.entries({ ...plain(), ...given }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return on.browser.call("GET", `/oauth/authorize?${new URLSearchParams(query)}`);
};

describe("an authorization request", () => {
  it.each([
    ["another path", `${callback}/x`],
    ["another host", "https://evil.example.com/callback"],
    ["http instead of https", "http://app.example.com/callback"],
    ["a longer host", "https://app.example.com.evil.example/callback"],
    ["a user before the host", "https://app.example.com@evil.example/callback"],
    ["more of a query", `${callback}?next=https://evil.example`],
    ["a fragment", `${callback}#x`],
    ["another port", "https://app.example.com:444/callback"],
    ["another case", "https://app.example.com/Callback"],
    ["dots", "https://app.example.com/x/../callback"],
    ["a script", "javascript:alert(1)"],
    ["no URL", "nowhere"],
    ["nothing", undefined],
  ])("with a redirect URI that is not registered goes nowhere: %s", async (_, redirect_uri) => {
    const answer = await authorize({ redirect_uri });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error: expect.stringMatching(/^invalid_(?:redirect_uri|request)$/),
      error_description: expect.any(String),
    });
    expect(answer.headers.get("location")).toBeNull();
  });

  it.each([
    ["no PKCE", { code_challenge: undefined, code_challenge_method: undefined }, "invalid_request"],
    ["plain PKCE", { code_challenge_method: "plain" }, "invalid_request"],
    ["PKCE without its method", { code_challenge_method: undefined }, "invalid_request"],
    ["a challenge too short", { code_challenge: "abc" }, "invalid_request"],
    ["an unknown scope", { scope: "openid made:up" }, "invalid_scope"],
    ["a scope that is not the client's", { scope: "openid run:approve" }, "invalid_scope"],
    ["a scope that no app may have", { scope: "account:credentials" }, "invalid_scope"],
    ["every scope at once", { scope: "*" }, "invalid_scope"],
    ["no scope", { scope: undefined }, "invalid_scope"],
    ["a token in the fragment", { response_type: "token" }, "invalid_request"],
    ["an id token in the fragment", { response_type: "id_token" }, "invalid_request"],
    ["a code in the fragment", { response_mode: "fragment" }, "invalid_request"],
    ["a code in a form", { response_mode: "form_post" }, "unsupported_response_mode"],
    ["a request inside a token", { request: "x.y.z" }, "request_not_supported"],
    ["a request elsewhere", { request_uri: "https://evil.example/request" }, "request_uri_not_supported"],
    ["an unknown prompt", { prompt: "create" }, "invalid_request"],
    ["none and more", { prompt: "none login" }, "invalid_request"],
    ["an age that is no number", { max_age: "soon" }, "invalid_request"],
    ["a hint that is no token", { id_token_hint: "x" }, "invalid_request"],
  ])("with %s goes back with an error", async (_, given, error) => {
    const answer = await authorize(given);
    const back = new URL(answer.headers.get("location") ?? "");
    expect(back.origin + back.pathname).toBe(callback);
    const said = new URLSearchParams(back.search || back.hash.slice(1));
    expect(Object.fromEntries(said)).toMatchObject({ error, state: "s", iss: on.api.url });
    expect(said.has("code")).toBe(false);
  });

  it.each([
    ["an unknown client", { client_id: "oac_nobody" }],
    ["no client", { client_id: undefined }],
    ["odd characters", { client_id: "\u0000\ud83d\ude00" }],
  ])("of %s goes nowhere", async (_, given) => {
    const answer = await authorize(given);
    expect([answer.status, answer.headers.get("location")]).toEqual([400, null]);
    expect(answer.body.error).toMatch(/^invalid_/);
  });

  it("that says a thing twice goes nowhere, and one of a browser is told so on a page", async () => {
    const twice = `/oauth/authorize?${new URLSearchParams(plain())}&redirect_uri=https%3A%2F%2Fevil.example`;
    expect(await on.browser.call("GET", twice)).toMatchObject({ status: 400, body: { error: "invalid_request" } });
    const page = await on.browser.call("GET", twice, { headers: { accept: "text/html" } });
    expect([page.status, page.headers.get("content-type"), page.headers.get("location")]).toEqual([400, "text/html; charset=utf-8", null]);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  it("of a revoked client goes nowhere, and what it was given is gone", async () => {
    const gone = await registeredClient(on.api.call);
    const configuration = await clientOf(on.api.url, gone);
    const tokens = await granted(configuration, on.browser);
    expect((await on.api.call("DELETE", `/api/me/oauth/clients/${gone.client_id}`)).body).toEqual({ success: true });
    expect((await authorize({ client_id: gone.client_id })).status).toBe(400);
    expect((await caller(on.api.url, tokens.access_token)("GET", "/api/projects")).status).toBe(401);
    await expect(oidc.refreshTokenGrant(configuration, tokens.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_client" });
    expect((await on.api.call("GET", "/api/me/oauth/clients")).body.clients).toContainEqual(
      expect.objectContaining({ client_id: gone.client_id, status: "revoked" }),
    );
  });
});

describe("consent", () => {
  const page = async (as: Browser) => {
    const asked = await asking(on.client, { prompt: "consent" });
    return { asked, fields: fieldsOf(String((await as.call("GET", pathOf(asked.url))).body)) };
  };

  it("of another person who signed in meanwhile is refused", async () => {
    const { fields } = await page(on.browser);
    const other = await browserOf(on.api.url, (await createActor(on.api.database.db)).token);
    const answer = await submitted(other, "/oauth/authorize", { ...fields, action: "approve" });
    expect(answer).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN", details: { reason: "csrf" } } } });
  });

  it("of the same person in another session is refused", async () => {
    const { fields } = await page(on.browser);
    const again = await browserOf(on.api.url, on.api.token);
    expect((await submitted(again, "/oauth/authorize", { ...fields, action: "approve" })).status).toBe(403);
  });

  it.each([
    ["more scopes", { scope: "openid run:plan" }],
    ["another client", { client_id: "oac_other" }],
    ["another address", { redirect_uri: "https://evil.example" }],
    ["another challenge", { code_challenge: challenge }],
    ["a token of its own", { csrf_token: "9999999999.tk1.x.y" }],
    ["no token", { csrf_token: "" }],
  ])("to %s than was shown is refused", async (_, change) => {
    const { fields } = await page(on.browser);
    expect((await submitted(on.browser, "/oauth/authorize", { ...fields, ...change, action: "approve" })).status).toBe(403);
  });

  it("from another origin, and by a token, is refused", async () => {
    const { fields } = await page(on.browser);
    const raw = new URLSearchParams({ ...fields, action: "approve" }).toString();
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const foreign = await on.browser.call("POST", "/oauth/authorize", { raw, headers: { ...type, origin: "https://evil.example" } });
    expect(foreign).toMatchObject({ status: 403, body: { error: { details: { reason: "origin" } } } });
    expect((await on.api.call("POST", "/oauth/authorize", { raw, headers: type })).status).toBe(401);
    expect((await on.api.call("GET", "/api/oauth/authorize/context")).status).toBe(403);
  });

  it("is asked of whoever is signed in: one person's consent is not another's", async () => {
    await granted(on.client, on.browser);
    const other = await browserOf(on.api.url, (await createActor(on.api.database.db)).token);
    const { url } = await asking(on.client);
    expect((await other.call("GET", pathOf(url))).status).toBe(200);
    const tokens = await granted(on.client, other);
    const mine = await granted(on.client, on.browser);
    expect(tokens.claims()?.sub).not.toBe(mine.claims()?.sub);
  });

  it("is asked on a page that nobody frames, that runs nothing, and whose form leads to the app alone", async () => {
    const { url } = await asking(on.client, { prompt: "consent" });
    const { headers, body } = await on.browser.call("GET", pathOf(url));
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self' https://app.example.com;");
    expect(policy).not.toContain("script-src");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).not.toContain("<script");
  });

  it("shows a client's own words as words", async () => {
    const sly = await registeredClient(on.api.call, { client_name: '<img src=x onerror="alert(1)">' });
    const { url } = await asking(await clientOf(on.api.url, sly));
    const { body } = await on.browser.call("GET", pathOf(url));
    expect(body).toContain("&#60;img");
    expect(body).not.toContain("<img");
  });
});

describe("the answer to an app", () => {
  it("says who answers, so that a mix-up of two servers is found", async () => {
    const asked = await asking(on.client);
    const back = await answered(on.browser, asked);
    expect(back.searchParams.get("iss")).toBe(on.api.url);
    back.searchParams.set("iss", "https://another.example");
    const checks = { pkceCodeVerifier: asked.verifier, expectedState: asked.state, expectedNonce: asked.nonce };
    await expect(oidc.authorizationCodeGrant(on.client, back, checks)).rejects.toMatchObject({ code: "OAUTH_INVALID_RESPONSE" });
    expect(on.client.serverMetadata()).toMatchObject({ authorization_response_iss_parameter_supported: true });
  });

  it("is a code for that client, address and verifier alone", async () => {
    const other = await registeredClient(on.api.call);
    const code = async () => {
      const asked = await asking(on.client);
      return { code: (await answered(on.browser, asked)).searchParams.get("code") ?? "", verifier: asked.verifier };
    };
    const redeem = async (given: Readonly<Record<string, string>>, who: Registered = on.registered) => {
      const { code: made, verifier } = await code();
      const fields = { grant_type: "authorization_code", code: made, code_verifier: verifier, redirect_uri: callback };
      const credentials = { client_id: who.client_id, client_secret: who.client_secret ?? "" };
      return posted(on.api.url, "/oauth/token", { ...fields, ...credentials, ...given });
    };
    expect(await redeem({}, other)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect(await redeem({ redirect_uri: `${callback}/x` })).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect(await redeem({ code_verifier: "" })).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect(await redeem({ code_verifier: "x".repeat(43) })).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect(await redeem({ client_secret: "wrong" })).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    expect((await redeem({})).status).toBe(200);
  });
});

describe("twenty at once", () => {
  const twenty = <T>(one: () => Promise<T>) => Promise.all(Array.from({ length: 20 }, one));
  const dead = async (tokens: readonly string[]) => {
    for (const token of tokens) expect(await oidc.tokenIntrospection(on.client, token)).toEqual({ active: false });
  };

  it("of one code: at most one gets tokens, and then none of them is good", async () => {
    for (let round = 0; round < 5; round++) {
      const asked = await asking(on.client);
      const back = await answered(on.browser, asked);
      const fields = {
        grant_type: "authorization_code",
        code: back.searchParams.get("code") ?? "",
        code_verifier: asked.verifier,
        redirect_uri: callback,
        client_id: on.registered.client_id,
        client_secret: on.registered.client_secret ?? "",
      };
      const answers = await twenty(() => posted(on.api.url, "/oauth/token", fields));
      const won = answers.filter(({ status }) => status === 200);
      expect(won.length).toBeLessThanOrEqual(1);
      for (const { status, body } of answers) if (status !== 200) expect([status, body.error]).toEqual([400, "invalid_grant"]);
      await dead(won.flatMap(({ body }) => [body.access_token, body.refresh_token]));
    }
  });

  it("of one refresh token: at most one gets tokens, and then none of the family is good", async () => {
    for (let round = 0; round < 5; round++) {
      const first = await granted(on.client, on.browser);
      const fields = {
        grant_type: "refresh_token",
        refresh_token: first.refresh_token ?? "",
        client_id: on.registered.client_id,
        client_secret: on.registered.client_secret ?? "",
      };
      const answers = await twenty(() => posted(on.api.url, "/oauth/token", fields));
      const won = answers.filter(({ status }) => status === 200);
      expect(won.length).toBeLessThanOrEqual(1);
      for (const { status, body } of answers) if (status !== 200) expect([status, body.error]).toEqual([400, "invalid_grant"]);
      await dead([first.access_token, ...won.flatMap(({ body }) => [body.access_token, body.refresh_token])]);
    }
    const { logs } = (await on.api.call("GET", `/api/me/oauth/audit-logs?client_id=${on.registered.client_id}`)).body;
    expect(logs).toContainEqual(expect.objectContaining({ event_type: "token_reuse_detected" }));
  });
});
