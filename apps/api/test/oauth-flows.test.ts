import { oauthScopes } from "@takosumi/contracts/access";
import { createActor } from "@takosumi/testkit/actors";
import { browserCall, browserOf, cookieIn } from "@takosumi/testkit/browser";
import { eventStream } from "@takosumi/testkit/event-stream";
import * as oidc from "openid-client";
import { describe, expect, it } from "vitest";
import { refusal } from "./matrix.ts";
import {
  answered,
  asApp,
  asking,
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
import { publicOperations } from "./operations.ts";

const on = oauthSuite();

describe("authorization code", () => {
  it("leads an app from discovery to tokens, an id token and userinfo", async () => {
    const tokens = await granted(on.client, on.browser);
    expect(tokens.access_token).toMatch(/^tak_oat_[A-Za-z0-9_-]{43}$/);
    expect(tokens).toMatchObject({ token_type: "bearer", expires_in: 3_600, refresh_token: expect.any(String) });
    expect(tokens.scope?.split(" ").toSorted()).toEqual(["openid", "profile", "spaces:read"]);
    const claims = tokens.claims();
    expect(claims).toMatchObject({ iss: on.api.url, aud: on.registered.client_id });
    const info = await oidc.fetchUserInfo(on.client, tokens.access_token, claims?.sub ?? "");
    expect(info).toMatchObject({ sub: claims?.sub, name: "Owner", user: { id: claims?.sub, name: "Owner" } });
    expect(info).not.toHaveProperty("email");
  });

  it("asks once: what was allowed is not asked about again, and more is", async () => {
    const again = await asking(on.client);
    const straight = await on.browser.call("GET", pathOf(again.url));
    expect([straight.status, new URL(straight.headers.get("location") ?? "").searchParams.has("code")]).toEqual([302, true]);
    const more = await asking(on.client, { scope: "openid run:plan" });
    const page = await on.browser.call("GET", pathOf(more.url));
    expect(page.status).toBe(200);
    expect(page.body).toContain("Start plans");
    expect(page.body).not.toContain("Know that it is you");
  });

  it("tells the app of a no, with the state and who says so, even if a yes came before it", async () => {
    const asked = await asking(on.client, { prompt: "consent" });
    const page = fieldsOf(String((await on.browser.call("GET", pathOf(asked.url))).body));
    const { prompt: _, ...silent } = page;
    for (const fields of [silent, page])
      expect((await submitted(on.browser, "/oauth/authorize", { ...fields, action: "deny" })).headers.get("location")).toContain(
        "access_denied",
      );
    const back = await answered(on.browser, asked, "deny");
    expect(Object.fromEntries(back.searchParams)).toEqual({
      error: "access_denied",
      error_description: expect.any(String),
      state: asked.state,
      iss: on.api.url,
    });
  });

  it("sends somebody who is not signed in to the sign-in and back; with prompt=none it says so", async () => {
    const { url } = await asking(on.client);
    const sent = await fetch(url, { redirect: "manual" });
    const to = new URL(sent.headers.get("location") ?? "", on.api.url);
    expect([sent.status, to.pathname]).toEqual([302, "/auth/login"]);
    expect(to.searchParams.get("return_to")).toMatch(/^\/oauth\/authorize\?/);
    const silent = await asking(on.client, { prompt: "none" });
    const back = new URL((await fetch(silent.url, { redirect: "manual" })).headers.get("location") ?? "");
    expect([back.origin, back.searchParams.get("error")]).toEqual(["https://app.example.com", "login_required"]);
  });

  it("says when the person signed in where the app asks how long ago, and asks them to sign in again", async () => {
    const recent = await asking(on.client, { max_age: "3600" });
    const tokens = await oidc.authorizationCodeGrant(on.client, await answered(on.browser, recent), {
      pkceCodeVerifier: recent.verifier,
      expectedState: recent.state,
      expectedNonce: recent.nonce,
      maxAge: 3_600,
    });
    expect(tokens.claims()?.auth_time).toEqual(expect.any(Number));
    const { url } = await asking(on.client, { prompt: "login" });
    const again = await browserOf(on.api.url, on.api.token);
    const page = await again.call("GET", pathOf(url));
    const fields = fieldsOf(String(page.body));
    expect([page.status, fields.return_to?.startsWith("/oauth/authorize?"), fields.return_to?.includes("prompt")]).toEqual([
      200,
      true,
      false,
    ]);
    const out = await submitted(again, "/auth/logout", fields);
    expect(out.headers.get("location")).toBe(`/console/login?${new URLSearchParams({ return_to: fields.return_to ?? "" })}`);
    expect((await again.call("GET", fields.return_to ?? "")).headers.get("location")).toMatch(/^\/auth\/login/);
  });

  it("takes somebody who is not signed in the whole way, and keeps no session of its own beside ours", async () => {
    const { token } = await createActor(on.api.database.db);
    const { body } = await asApp(on.api.url, token)("POST", "/api/me/sign-in-codes", { body: {} });
    const asked = await asking(on.client);
    const visit = async (path: string) => {
      const { status, headers } = await fetch(on.api.url + path, { redirect: "manual" });
      expect([status, headers.getSetCookie()]).toEqual([302, []]);
      return headers.get("location") ?? "";
    };
    const login = new URL(await visit(await visit(pathOf(asked.url))), on.api.url);
    expect(login.pathname).toBe("/console/login");
    const return_to = login.searchParams.get("return_to") ?? "";
    const page = { cookie: "", call: browserCall(on.api.url, "") };
    const signedIn = await submitted(page, "/auth/code", { code: body.code, return_to });
    expect(signedIn.headers.get("location")).toBe(return_to);
    const cookie = cookieIn(signedIn) ?? "";
    const back = await answered({ cookie, call: browserCall(on.api.url, cookie) }, { ...asked, url: new URL(return_to, on.api.url) });
    const checks = { pkceCodeVerifier: asked.verifier, expectedState: asked.state, expectedNonce: asked.nonce };
    const tokens = await oidc.authorizationCodeGrant(on.client, back, checks);
    const mine = await granted(on.client, on.browser);
    expect(tokens.claims()?.sub).not.toBe(mine.claims()?.sub);
  });

  it("works for a public client without a secret, on any port of this machine", async () => {
    const native = await registeredClient(on.api.call, {
      redirect_uris: ["http://127.0.0.1/callback"],
      token_endpoint_auth_method: "none",
    });
    expect(native.client_secret).toBeUndefined();
    const tokens = await granted(await clientOf(on.api.url, native), on.browser, { redirect_uri: "http://127.0.0.1:49152/callback" });
    expect(tokens.access_token).toMatch(/^tak_oat_/);
  });

  it.each([
    ["client_secret_post", (secret: string) => oidc.ClientSecretPost(secret)],
    ["client_secret_basic", (secret: string) => oidc.ClientSecretBasic(secret)],
  ])("takes the secret by %s", async (_, auth) => {
    const tokens = await granted(await clientOf(on.api.url, on.registered, auth(on.registered.client_secret ?? "")), on.browser);
    expect(tokens.access_token).toMatch(/^tak_oat_/);
  });
});

describe("tokens", () => {
  it("are refreshed, and each refresh token once: a second use ends the whole family", async () => {
    const first = await granted(on.client, on.browser);
    const second = await oidc.refreshTokenGrant(on.client, first.refresh_token ?? "");
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect((await oidc.tokenIntrospection(on.client, second.access_token)).active).toBe(true);
    await expect(oidc.refreshTokenGrant(on.client, first.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });
    for (const token of [first.access_token, second.access_token, second.refresh_token ?? ""])
      expect(await oidc.tokenIntrospection(on.client, token)).toEqual({ active: false });
    expect((await asApp(on.api.url, second.access_token)("GET", "/api/projects")).status).toBe(401);
  });

  it("are introspected and revoked by their client alone", async () => {
    const tokens = await granted(on.client, on.browser);
    expect(await oidc.tokenIntrospection(on.client, tokens.access_token)).toMatchObject({
      active: true,
      client_id: on.registered.client_id,
      token_type: "Bearer",
      iss: on.api.url,
      scope: expect.stringContaining("spaces:read"),
    });
    expect(await oidc.tokenIntrospection(on.client, tokens.refresh_token ?? "")).toMatchObject({
      active: true,
      token_type: "refresh_token",
    });
    const other = await clientOf(on.api.url, await registeredClient(on.api.call));
    expect(await oidc.tokenIntrospection(other, tokens.access_token)).toEqual({ active: false });
    await oidc.tokenRevocation(other, tokens.access_token);
    expect((await oidc.tokenIntrospection(on.client, tokens.access_token)).active).toBe(true);
    await oidc.tokenRevocation(on.client, tokens.refresh_token ?? "");
    expect(await oidc.tokenIntrospection(on.client, tokens.access_token)).toEqual({ active: false });
  });

  it("may what their scopes say, and only by the name of what they ask", async () => {
    const app = asApp(on.api.url, (await granted(on.client, on.browser, { scope: "openid spaces:read run:plan" })).access_token);
    expect((await app("GET", "/api/projects")).status).toBe(200);
    const { access_token: writing } = await granted(
      await clientOf(on.api.url, await registeredClient(on.api.call, { scope: "spaces:write" })),
      on.browser,
      {
        scope: "spaces:write",
      },
    );
    const made = await asApp(on.api.url, writing)("POST", "/api/projects", { body: { name: "of an app" } });
    const [event] = (await on.api.call("GET", "/audit?action=project.created&limit=1")).body.events;
    expect([made.status, event.target.id, event.actor]).toEqual([
      201,
      made.body.project.id,
      { id: expect.stringMatching(/^usr_/), kind: "user", name: "Owner by An app" },
    ]);
    const project = await app("POST", "/api/projects", { body: { name: "p" } });
    expect(project).toMatchObject({ status: 403, body: { error: { details: { reason: "scope", permission: "capsule:write" } } } });
    expect(await app("GET", "/api/me")).toMatchObject({ status: 403, body: { error: { details: { permission: "account:read" } } } });
    for (const [method, path] of [
      ["GET", "/api/me/sessions"],
      ["POST", "/api/me/personal-access-tokens"],
      ["POST", "/api/me/oauth/clients"],
      ["PUT", "/api/me/password"],
    ] as const)
      expect((await app(method, path, method === "GET" ? {} : { body: {} })).status, path).toBe(403);
  });
});

describe("an OAuth token of every scope there is", () => {
  it("reaches no token, client, password or session, nor anything that only a browser does", async () => {
    const scope = oauthScopes.join(" ");
    const all = await registeredClient(on.api.call, { scope });
    const app = asApp(on.api.url, (await granted(await clientOf(on.api.url, all), on.browser, { scope })).access_token);
    expect((await app("GET", "/api/me")).status).toBe(200);
    const kept = publicOperations.filter(
      ({ operation: { spec } }) => spec.access.by === "session" || spec.access.rule === "account:credentials",
    );
    expect(kept.length).toBeGreaterThan(15);
    for (const listed of kept) {
      const { id, operation } = listed;
      const answer = await app(operation.method, operation.path.replace(/:\w+/g, "x"), operation.method === "GET" ? {} : { body: {} });
      const reason = operation.spec.access.by === "session" ? "session_required" : "scope";
      expect(answer, id).toMatchObject({ status: 403, body: refusal(listed, "FORBIDDEN", reason) });
    }
    const families = new Set(kept.map(({ id }) => id.split(".")[0]));
    for (const family of ["accessTokens", "sessions", "oauthClients", "oauthConsent"])
      expect(
        publicOperations.filter(({ id }) => id.startsWith(`${family}.`)).every((one) => kept.includes(one)),
        family,
      ).toBe(true);
    expect(families).toContain("oauthServer");
  });
});

describe("client credentials", () => {
  it("make a service principal that is a member of nothing", async () => {
    const service = await registeredClient(on.api.call, {
      redirect_uris: [],
      grant_types: ["client_credentials"],
      scope: "spaces:write run:plan",
    });
    const configuration = await clientOf(on.api.url, service);
    const tokens = await oidc.clientCredentialsGrant(configuration, { scope: "spaces:write" });
    expect(tokens).toMatchObject({ scope: "spaces:write", expires_in: 3_600 });
    expect(tokens.refresh_token).toBeUndefined();
    expect(await oidc.tokenIntrospection(configuration, tokens.access_token)).toMatchObject({ active: true, sub: service.client_id });
    const app = asApp(on.api.url, tokens.access_token);
    const { workspace_id } = (await on.api.call("POST", "/api/projects", { body: { name: "owned" } })).body.project;
    expect((await app("GET", `/api/projects?workspace_id=${workspace_id}`)).status).toBe(404);
    const principal = await on.api.database.db.prisma.users.findUniqueOrThrow({ where: { username: service.client_id } });
    expect(principal.kind).toBe("service");
    const joined = await on.api.call("POST", "/api/spaces/me/members", { body: { username: service.client_id, role: "viewer" } });
    expect(joined).toMatchObject({ status: 201, body: { member: { kind: "service", name: "An app" } } });
    expect((await app("GET", `/api/projects?workspace_id=${workspace_id}`)).status).toBe(200);
    await expect(oidc.clientCredentialsGrant(configuration, { scope: "openid" })).rejects.toMatchObject({ error: "invalid_scope" });
    await expect(oidc.clientCredentialsGrant(configuration, { scope: "run:approve" })).rejects.toMatchObject({ error: "invalid_scope" });
    await expect(oidc.clientCredentialsGrant(configuration, { scope: "made:up" })).rejects.toMatchObject({ error: "invalid_scope" });
    expect((await oidc.clientCredentialsGrant(configuration)).scope?.split(" ").toSorted()).toEqual(["run:plan", "spaces:write"]);
  });
});

describe("the device flow", () => {
  const device = {
    redirect_uris: [],
    grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
    token_endpoint_auth_method: "none",
  };
  const begin = async () => {
    const app = await registeredClient(on.api.call, device);
    const configuration = await clientOf(on.api.url, app);
    return { app, configuration, told: await oidc.initiateDeviceAuthorization(configuration, { scope: "openid spaces:read" }) };
  };
  const poll = (app: Registered, device_code: string) =>
    posted(on.api.url, "/oauth/token", {
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      client_id: app.client_id,
      device_code,
    });

  it("waits for the person, who enters the code and looks at what is asked", async () => {
    const { configuration, told } = await begin();
    expect(told).toMatchObject({
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      interval: 5,
      expires_in: 900,
    });
    expect(told.verification_uri).toBe(`${on.api.url}/oauth/device`);
    const page = await on.browser.call("GET", pathOf(new URL(told.verification_uri_complete ?? "")));
    expect(page.body).toContain(told.user_code);
    const done = await submitted(on.browser, "/oauth/device", { ...fieldsOf(String(page.body)), action: "approve" });
    expect([done.status, String(done.body).includes("Device allowed")]).toEqual([200, true]);
    const tokens = await oidc.pollDeviceAuthorizationGrant(configuration, { ...told, interval: 0.1 });
    expect(tokens.claims()).toMatchObject({ iss: on.api.url });
    expect((await asApp(on.api.url, tokens.access_token)("GET", "/api/projects")).status).toBe(200);
    await expect(oidc.pollDeviceAuthorizationGrant(configuration, { ...told, interval: 0.1 })).rejects.toMatchObject({
      error: "invalid_grant",
    });
    expect(await oidc.tokenIntrospection(configuration, tokens.access_token)).toEqual({ active: false });
  });

  it("tells a device that asks too often to slow down, and one that was turned away so", async () => {
    const { app, told } = await begin();
    expect((await poll(app, told.device_code)).body).toMatchObject({ error: "authorization_pending" });
    expect(await poll(app, told.device_code)).toMatchObject({ status: 400, body: { error: "slow_down" } });
    const context = await on.browser.call("GET", `/api/oauth/device/context?user_code=${told.user_code.toLowerCase().replace("-", " ")}`);
    expect(context.body).toMatchObject({ status: "consent_required", user_code: told.user_code, client: { name: "An app" } });
    const { csrf_token, user_code } = context.body;
    const body = { csrf_token, user_code, action: "deny" };
    expect((await on.browser.call("POST", "/api/oauth/device/decision", { body })).body).toMatchObject({ status: "denied" });
    expect((await poll(app, told.device_code)).body).toMatchObject({ error: "access_denied" });
    expect((await on.browser.call("POST", "/api/oauth/device/decision", { body })).body).toMatchObject({ status: "denied" });
  });
});

describe("consents", () => {
  it("end the streams that an app follows as well", async () => {
    const app = await registeredClient(on.api.call);
    const { access_token } = await granted(await clientOf(on.api.url, app), on.browser);
    const stream = await eventStream(`${on.api.url}/api/runs/sse?workspace_id=me`, access_token);
    expect(stream.status).toBe(200);
    const ended = (async () => {
      for await (const _ of stream);
      return true;
    })();
    await on.api.call("DELETE", `/api/me/oauth/consents/${app.client_id}`);
    expect(await ended).toBe(true);
  });

  it("are listed, and taken back with all their tokens at once", async () => {
    const app = await registeredClient(on.api.call, { client_name: "Taken back" });
    const configuration = await clientOf(on.api.url, app);
    const tokens = await granted(configuration, on.browser);
    const { consents } = (await on.api.call("GET", "/api/me/oauth/consents")).body;
    expect(consents[0]).toMatchObject({
      client_id: app.client_id,
      client_name: "Taken back",
      scopes: ["openid", "profile", "spaces:read"],
    });
    expect((await on.api.call("DELETE", `/api/me/oauth/consents/${app.client_id}`)).body).toEqual({ success: true });
    const twice = await on.api.call("DELETE", `/api/me/oauth/consents/${app.client_id}`);
    const unknown = await on.api.call("DELETE", "/api/me/oauth/consents/oac_unknown");
    expect([twice.status, twice.body]).toEqual([404, unknown.body]);
    expect((await asApp(on.api.url, tokens.access_token)("GET", "/api/projects")).status).toBe(401);
    await expect(oidc.refreshTokenGrant(configuration, tokens.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });
    const { logs } = (await on.api.call("GET", `/api/me/oauth/audit-logs?client_id=${app.client_id}`)).body;
    expect(logs.map((log: { event_type: string }) => log.event_type)).toEqual([
      "consent_revoked",
      "token_issued",
      "authorize_approved",
      "consent_granted",
      "client_registered",
    ]);
    expect(logs[1]).toMatchObject({ client_id: app.client_id, ip_address: "127.0.0.1", details: { grant_type: "authorization_code" } });
    const page = (await on.api.call("GET", `/api/me/oauth/audit-logs?client_id=${app.client_id}&limit=2&offset=1`)).body.logs;
    expect(page).toEqual(logs.slice(1, 3));
  });

  it("can be asked for by a console of its own, as JSON", async () => {
    const app = await registeredClient(on.api.call, { client_name: "By JSON" });
    const { url, state } = await asking(await clientOf(on.api.url, app), { scope: "openid run:plan" });
    const context = await on.browser.call("GET", `/api/oauth/authorize/context${url.search}`);
    expect(context.body).toMatchObject({
      status: "consent_required",
      client: { name: "By JSON", logo_uri: null },
      user: { email: null },
      scopes: { identity: ["Know that it is you"], resources: ["Start plans"] },
      params: { client_id: app.client_id },
    });
    const { csrf_token, params } = context.body;
    const decision = await on.browser.call("POST", "/api/oauth/authorize/decision", { body: { ...params, csrf_token, action: "approve" } });
    const back = new URL(decision.body.redirect_url);
    expect([back.origin, back.searchParams.has("code"), back.searchParams.get("state")]).toEqual(["https://app.example.com", true, state]);
    const asked = (search: string) => on.browser.call("GET", `/api/oauth/authorize/context${search}`);
    expect((await asked(url.search)).body).toMatchObject({ status: "auto_approved" });
    const wrong = new URLSearchParams(url.search);
    wrong.set("scope", "openid made:up");
    const error = await asked(`?${wrong}`);
    expect([error.body.status, new URL(error.body.redirect_url).searchParams.get("error")]).toEqual(["error_redirect", "invalid_scope"]);
    wrong.set("redirect_uri", "https://evil.example");
    expect(await asked(`?${wrong}`)).toMatchObject({
      status: 400,
      body: { error: { code: "BAD_REQUEST", details: { reason: "invalid" } } },
    });
    const late = await asked(`${url.search}&prompt=login`);
    expect(late.body).toEqual({ status: "login_required", redirect_url: expect.stringMatching(/^\/oauth\/authorize\?.*prompt=login/) });
  });
});
