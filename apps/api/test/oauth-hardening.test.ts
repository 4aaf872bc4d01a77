import { createActor } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserOf } from "@takosumi/testkit/browser";
import { caller } from "@takosumi/testkit/call";
import fc from "fast-check";
import * as oidc from "openid-client";
import { describe, expect, it } from "vitest";
import { answered, asking, callback, clientOf, granted, oauthSuite, posted, registeredClient } from "./oauth.ts";

const on = oauthSuite();

const credentials = () => ({ client_id: on.registered.client_id, client_secret: on.registered.client_secret ?? "" });
const grant = "urn:ietf:params:oauth:grant-type:device_code";

describe("the endpoints of clients", () => {
  it.each([
    ["no grant", {}, 400, "invalid_request"],
    ["an unknown grant", { grant_type: "magic" }, 400, "unsupported_grant_type"],
    ["a password", { grant_type: "password", username: "owner", password: "x" }, 400, "unsupported_grant_type"],
    ["a grant that is not the client's", { grant_type: "client_credentials" }, 400, "unauthorized_client"],
    ["no code", { grant_type: "authorization_code" }, 400, "invalid_request"],
    [
      "a code that nobody made",
      { grant_type: "authorization_code", code: "x", redirect_uri: callback, code_verifier: "y".repeat(43) },
      400,
      "invalid_grant",
    ],
    [
      "a code with a NUL",
      { grant_type: "authorization_code", code: "\0", redirect_uri: callback, code_verifier: "y".repeat(43) },
      400,
      "invalid_grant",
    ],
    ["a refresh token that nobody made", { grant_type: "refresh_token", refresh_token: "x" }, 400, "invalid_grant"],
    [
      "an access token for a refresh token",
      { grant_type: "refresh_token", refresh_token: `tak_oat_${"x".repeat(43)}` },
      400,
      "invalid_grant",
    ],
    ["a wrong secret", { grant_type: "refresh_token", refresh_token: "x", client_secret: "wrong" }, 401, "invalid_client"],
    ["no secret", { grant_type: "refresh_token", refresh_token: "x", client_secret: "" }, 401, "invalid_client"],
    ["an unknown client", { grant_type: "refresh_token", refresh_token: "x", client_id: "oac_nobody" }, 401, "invalid_client"],
    ["a client with a NUL", { grant_type: "refresh_token", refresh_token: "x", client_id: "\0" }, 401, "invalid_client"],
    ["a long client", { grant_type: "refresh_token", refresh_token: "x", client_id: "x".repeat(10_000) }, 401, "invalid_client"],
  ])("POST /oauth/token with %s", async (_, given, status, error) => {
    const answer = await posted(on.api.url, "/oauth/token", { ...credentials(), ...given });
    expect(answer).toMatchObject({ status, body: { error, error_description: expect.any(String) } });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(JSON.stringify(answer.body)).not.toMatch(/stack|node_modules|select/i);
  });

  it("take a parameter once, in a form, of a size that a form has", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const call = caller(on.api.url, null);
    for (const path of ["/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/device/code"]) {
      const twice = await call("POST", path, { raw: "client_id=a&client_id=b&token=x&grant_type=refresh_token", headers: form });
      expect(twice, path).toMatchObject({ status: 400, body: { error: "invalid_request" } });
      expect(await call("POST", path, { body: { client_id: "a" } }), path).toMatchObject({
        status: 400,
        body: { error: "invalid_request" },
      });
      const large = await call("POST", path, { raw: `token=${"x".repeat(60 * 1024)}`, headers: form });
      expect(large, path).toMatchObject({ status: 400, body: { error: "invalid_request" } });
      expect((await call("POST", path, { raw: `token=${"x".repeat(80 * 1024)}`, headers: form })).status, path).toBe(400);
      expect((await call("GET", path)).status, path).toBe(404);
    }
  });

  it("answer whatever is sent with an error of OAuth's own, never with a failure of ours", async () => {
    const names = fc.constantFrom(
      "grant_type",
      "code",
      "client_id",
      "client_secret",
      "redirect_uri",
      "code_verifier",
      "refresh_token",
      "scope",
      "device_code",
      "token",
      "token_type_hint",
      "nonce",
      "other",
    );
    const words = fc.constantFrom(
      "authorization_code",
      "refresh_token",
      "client_credentials",
      grant,
      on.registered.client_id,
      on.registered.client_secret ?? "",
      callback,
      "openid",
    );
    const value = fc.oneof(
      words,
      fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.toWellFormed()),
    );
    const path = fc.constantFrom("/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/device/code");
    await fc.assert(
      fc.asyncProperty(
        path,
        fc.dictionary(names, value, { maxKeys: 7 }),
        fc.boolean(),
        fc.stringMatching(/^[\x21-\x7e]{0,30}$/),
        async (at, fields, known, shown) => {
          const answer = await posted(
            on.api.url,
            at,
            { ...fields, ...(known && credentials()) },
            known ? {} : { authorization: `Basic ${shown}` },
          );
          expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(500);
          if (answer.status >= 400) expect(answer.body).toMatchObject({ error: expect.any(String) });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("userinfo wants an access token that may tell who somebody is", async () => {
    const tokens = await granted(on.client, on.browser, { scope: "spaces:read" });
    const read = (token: string) => caller(on.api.url, token)("GET", "/oauth/userinfo");
    expect(await read(tokens.access_token)).toMatchObject({ status: 403, body: { error: "insufficient_scope" } });
    for (const token of ["x", on.api.token, tokens.refresh_token ?? "", `tak_oat_${"x".repeat(43)}`])
      expect(await read(token)).toMatchObject({ status: 401, body: { error: "invalid_token" } });
    expect((await caller(on.api.url, null)("GET", "/oauth/userinfo")).status).toBe(401);
    const { access_token } = await granted(on.client, on.browser);
    expect((await caller(on.api.url, null)("GET", `/oauth/userinfo?access_token=${access_token}`)).status).toBe(400);
  });
});

describe("user codes", () => {
  const device = { redirect_uris: [], grant_types: [grant], token_endpoint_auth_method: "none" };
  const begun = async () => {
    const app = await registeredClient(on.api.call, device);
    return { app, ...(await posted(on.api.url, "/oauth/device/code", { client_id: app.client_id, scope: "openid" })).body };
  };

  it("are answered once, however many answer at once, and by whoever was shown the question", async () => {
    const { user_code, device_code, app } = await begun();
    const { csrf_token } = (await on.browser.call("GET", `/api/oauth/device/context?user_code=${user_code}`)).body;
    const other = await browserOf(on.api.url, (await createActor(on.api.database.db)).token);
    const body = { user_code, csrf_token, action: "approve" };
    expect((await other.call("POST", "/api/oauth/device/decision", { body })).status).toBe(403);
    const answers = await Promise.all(Array.from({ length: 8 }, () => on.browser.call("POST", "/api/oauth/device/decision", { body })));
    expect(answers.map(({ body: { status } }) => status)).toEqual(Array(8).fill("approved"));
    const { logs } = (await on.api.call("GET", `/api/me/oauth/audit-logs?client_id=${app.client_id}`)).body;
    expect(logs.filter(({ event_type }: { event_type: string }) => event_type === "device_approved")).toHaveLength(1);
    expect((await other.call("POST", "/api/oauth/device/decision", { body })).status).toBe(403);
    const polls = await Promise.all(
      Array.from({ length: 20 }, () => posted(on.api.url, "/oauth/token", { grant_type: grant, client_id: app.client_id, device_code })),
    );
    const won = polls.filter(({ status }) => status === 200);
    expect(won.length).toBeLessThanOrEqual(1);
    for (const { status } of polls) expect([200, 400]).toContain(status);
    for (const { body: tokens } of won) expect((await caller(on.api.url, tokens.access_token)("GET", "/api/projects")).status).toBe(401);
  });

  it("that ran out are told so", async () => {
    const { user_code, device_code, app } = await begun();
    const { prisma } = on.api.database.db;
    const [row] = await prisma.oauth_artifacts.findMany({ where: { client_id: app.client_id } });
    const payload = { ...(row?.payload as object), exp: 1 };
    await prisma.oauth_artifacts.update({ where: { id: row?.id ?? "" }, data: { expires_at: new Date(1_000), payload } });
    const answer = await posted(on.api.url, "/oauth/token", { grant_type: grant, client_id: app.client_id, device_code });
    expect(answer.body).toMatchObject({ error: "expired_token" });
    expect((await on.browser.call("GET", `/api/oauth/device/context?user_code=${user_code}`)).body).toMatchObject({ status: "error" });
  });
});

describe("what ends", () => {
  it("ends at once: a consent taken back while its tokens are being refreshed leaves none", async () => {
    for (let round = 0; round < 5; round++) {
      const app = await registeredClient(on.api.call);
      const configuration = await clientOf(on.api.url, app);
      const families = [];
      for (let i = 0; i < 4; i++) families.push(await granted(configuration, on.browser));
      const refreshing = families.map(({ refresh_token }) => oidc.refreshTokenGrant(configuration, refresh_token ?? "").catch(() => null));
      const [, ...made] = await Promise.all([on.api.call("DELETE", `/api/me/oauth/consents/${app.client_id}`), ...refreshing]);
      for (const tokens of [...families, ...made])
        if (tokens) expect((await caller(on.api.url, tokens.access_token)("GET", "/api/projects")).status).toBe(401);
      expect(await on.api.database.db.prisma.oauth_artifacts.count({ where: { client_id: app.client_id } })).toBe(0);
    }
  });

  it("of one family leaves the others of that app", async () => {
    const [first, second] = [await granted(on.client, on.browser), await granted(on.client, on.browser)];
    await oidc.tokenRevocation(on.client, first.refresh_token ?? "");
    expect((await oidc.tokenIntrospection(on.client, first.access_token)).active).toBe(false);
    expect((await oidc.tokenIntrospection(on.client, second.access_token)).active).toBe(true);
  });

  it("is found by nobody who reads the database: neither token, code, secret nor user code stands there", async () => {
    const tokens = await granted(on.client, on.browser);
    const code = (await answered(on.browser, await asking(on.client))).searchParams.get("code") ?? "";
    const { prisma } = on.api.database.db;
    const all = JSON.stringify([
      await prisma.oauth_artifacts.findMany(),
      await prisma.oauth_clients.findMany(),
      await prisma.oauth_grants.findMany(),
      await prisma.audit_events.findMany({ select: { metadata: true, target_id: true } }),
      await prisma.oauth_signing_keys.findMany(),
    ]);
    for (const secret of [
      tokens.access_token,
      tokens.refresh_token ?? "",
      code,
      on.registered.client_secret ?? "",
      on.registered.registration_access_token,
    ])
      expect(all.includes(secret)).toBe(false);
    expect(all).not.toMatch(/"(?:d|p|q|dp|dq|qi)":/);
  });
});

describe("the keys of id tokens", () => {
  const keys = async (url: string) => (await caller(url, null)("GET", "/.well-known/jwks.json")).body.keys as { kid: string }[];

  const told = (db: TestApi["database"]["db"]) => db.transaction((tx) => tx.notify("takosumi_oauth_keys", "look"));
  /** The keys, once there are so many: a replica hears of new ones a moment later. */
  const shows = async (url: string, count: number) => {
    await expect.poll(async () => (await keys(url)).length, { timeout: 10_000 }).toBe(count);
    return keys(url);
  };

  it("are replaced after 90 days, once for all replicas, and what the old one signed is good for another day", async () => {
    const replica = await startApi({ replicaOf: on.api });
    try {
      const before = await granted(on.client, on.browser);
      const [old] = await keys(on.api.url);
      const { db } = on.api.database;
      await db.prisma.oauth_signing_keys.updateMany({ data: { created_at: new Date(Date.now() - 91 * 86_400_000) } });
      await told(db);
      const seen = await Promise.all([on.api, replica].flatMap(({ url }) => Array.from({ length: 5 }, () => shows(url, 2))));
      const shown = seen.at(-1) ?? [];
      expect(await db.prisma.oauth_signing_keys.count()).toBe(2);
      expect(shown.map(({ kid }) => kid)).toEqual([shown[0]?.kid, old?.kid]);
      for (const key of shown) expect(Object.keys(key).toSorted()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
      const after = await granted(on.client, on.browser);
      const kidOf = (token = "") => JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;
      expect([kidOf(before.id_token), kidOf(after.id_token)]).toEqual([old?.kid, shown[0]?.kid]);
      await db.prisma.oauth_signing_keys.updateMany({
        where: { id: old?.kid ?? "" },
        data: { retired_at: new Date(Date.now() - 2 * 86_400_000) },
      });
      await told(db);
      expect((await shows(on.api.url, 1)).map(({ kid }) => kid)).toEqual([shown[0]?.kid]);
    } finally {
      await replica.close();
    }
  });
});
