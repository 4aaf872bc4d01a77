import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserCall, browserOf, cookieIn } from "@takosumi/testkit/browser";
import { type Answer, type Call, caller } from "@takosumi/testkit/call";
import { type IdentityProvider, type Somebody, startIdentityProvider } from "@takosumi/testkit/identity-provider";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refused } from "./deploy.ts";
import { type Person, person, spaceOf } from "./people.ts";

let api: TestApi;
let provider: IdentityProvider;
let nobody: Call;
beforeAll(async () => {
  provider = await startIdentityProvider(() => [`${api.url}/auth/callback`, `${api.url}/auth/link/google/callback`]);
  api = await startApi({
    env: {
      TAKOSUMI_OIDC_ISSUER: provider.issuer,
      TAKOSUMI_OIDC_CLIENT_ID: provider.client.id,
      TAKOSUMI_OIDC_CLIENT_SECRET: provider.client.secret,
      TAKOSUMI_SIGNUP: "invited,ours.example,kraken.example",
    },
  });
  nobody = caller(api.url, null);
});
afterAll(async () => {
  await api?.close();
  await provider?.close();
});
const db = () => api.database.db;
let counter = 0;
const fresh = () => `sub-${++counter}`;
const at = (answer: Answer) => answer.headers.get("location") ?? "";
const attemptIn = (answer: Answer): string =>
  answer.headers
    .getSetCookie()
    .find((one) => one.startsWith("tp_oidc"))
    ?.split(";")[0] ?? "";
const pathOf = (url: string) => url.slice(api.url.length);

/** Goes through the provider as this; answers what came back, and the attempt that the browser had. */
async function through(somebody: Somebody, from = "/auth/login?return_to=/docs/%3Fa%3D1", cookie = "") {
  provider.is(somebody);
  const begun = await nobody("GET", from, { headers: { cookie } });
  expect(begun.status).toBe(302);
  const attempt = attemptIn(begun);
  const back = pathOf(await provider.follow(at(begun)));
  const finish = (more = attempt) => nobody("GET", back, { headers: { cookie: [cookie, more].filter(Boolean).join("; ") } });
  return { begun, attempt, back, finish };
}
const ours = (sub: string): Somebody => ({ sub, email: `${sub}@ours.example`, email_verified: true, name: `Person ${sub}` });

describe("signing in at a provider", () => {
  it("asks with PKCE, state and nonce, makes an account, and knows it again by issuer and subject", async () => {
    const sub = fresh();
    const first = await through(ours(sub));
    const asked = new URL(at(first.begun)).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: "code",
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^.{43}$/),
      state: expect.any(String),
      nonce: expect.any(String),
      redirect_uri: `${api.url}/auth/callback`,
    });
    expect(first.attempt).not.toContain(asked.get("nonce") ?? "-");
    const done = await first.finish();
    expect(at(done)).toBe("/docs/?a=1");
    const call = browserCall(api.url, cookieIn(done) ?? "");
    const { body: me } = await call("GET", "/api/me");
    expect(me).toMatchObject({ username: sub, name: `Person ${sub}`, email: `${sub}@ours.example`, setup_completed: false });
    expect((await call("GET", "/api/auth/me")).body.user.auth_identities).toEqual([
      { provider: provider.issuer, email: `${sub}@ours.example` },
    ]);
    expect((await call("GET", "/api/me/personal-space")).body.space.slug).toBe(sub);
    const again = await (await through({ sub, email: "other@elsewhere.example", email_verified: true })).finish();
    expect((await browserCall(api.url, cookieIn(again) ?? "")("GET", "/api/me")).body.username).toBe(sub);
    expect(await db().prisma.auth_identities.count({ where: { subject: sub } })).toBe(1);
  });

  it("never takes somebody for another with the same address", async () => {
    const known = await person(api);
    const email = `${known.username}@ours.example`;
    await db().prisma.users.update({ where: { id: known.user_id }, data: { email, email_verified_at: new Date() } });
    const done = await (await through({ sub: fresh(), email, email_verified: true })).finish();
    const me = (await browserCall(api.url, cookieIn(done) ?? "")("GET", "/api/me")).body;
    expect(me.username).not.toBe(known.username);
    expect(me.username).toMatch(new RegExp(`^${known.username}-\\d$`));
  });

  it.each([
    ["of another domain", { email: "a@elsewhere.example", email_verified: true }],
    ["of a domain that only looks alike", { email: "a@ours.example.evil.example", email_verified: true }],
    ["of a domain with a letter that is another one in lower case", { email: "a@\u212araken.example", email_verified: true }],
    ["whose address nobody proved", { email: "a@ours.example", email_verified: false }],
    ["without an address", {}],
  ])("lets nobody in %s", async (_, claims) => {
    const sub = fresh();
    const done = await (await through({ sub, ...claims })).finish();
    expect(at(done)).toContain("failed=not_invited");
    expect(cookieIn(done)).toBeNull();
    expect(await db().prisma.auth_identities.count({ where: { subject: sub } })).toBe(0);
  });

  it("lets in whom a space invited", async () => {
    const owner = await person(api);
    const space = await spaceOf(owner, "Inviting");
    const sub = fresh();
    await owner.call("POST", `/api/spaces/${space.id}/invitations`, { body: { email: `${sub}@elsewhere.example`, role: "viewer" } });
    const done = await (await through({ sub, email: `${sub}@Elsewhere.example`, email_verified: true })).finish();
    expect(cookieIn(done)).not.toBeNull();
  });

  it("takes no answer of another attempt, another browser, another purpose, or twice", async () => {
    const [one, two] = [await through(ours(fresh())), await through(ours(fresh()))];
    for (const cookie of ["", two.attempt, `${two.attempt}; ${one.attempt}`, `${one.attempt}x`]) {
      const answer = await one.finish(cookie);
      expect(at(answer)).toContain("failed=provider");
      expect(cookieIn(answer)).toBeNull();
    }
    expect(
      at(await nobody("GET", one.back.replace(/state=[^&]+/, "state=another-state-altogether"), { headers: { cookie: one.attempt } })),
    ).toContain("failed=provider");
    expect(
      at(await nobody("GET", one.back.replace(/iss=[^&]+/, "iss=https%3A%2F%2Fevil.example"), { headers: { cookie: one.attempt } })),
    ).toContain("failed=provider");
    expect(at(await nobody("GET", one.back.replace(/code=[^&]+/, "code=stolen"), { headers: { cookie: one.attempt } }))).toContain(
      "failed=provider",
    );
    const fresh_ = await through(ours(fresh()));
    expect(cookieIn(await fresh_.finish())).not.toBeNull();
    expect(cookieIn(await fresh_.finish())).toBeNull();
    const denied = await through(ours(fresh()));
    const state = new URL(denied.back, api.url).searchParams.get("state");
    expect(at(await nobody("GET", `/auth/callback?error=access_denied&state=${state}`, { headers: { cookie: denied.attempt } }))).toContain(
      "failed=provider",
    );
  });

  it("is what the login page and the methods offer", async () => {
    expect((await nobody("GET", "/api/auth/methods")).body).toEqual({
      password: true,
      code: true,
      oidc: { issuer: provider.issuer, login_url: `${api.url}/auth/login` },
    });
    expect((await nobody("GET", "/console/login")).body).toContain('href="/auth/login?return_to=');
    for (const to of ["https://evil.example", "//evil.example"]) {
      const { finish } = await through(ours(fresh()), `/auth/login?return_to=${encodeURIComponent(to)}`);
      expect(at(await finish())).toBe("/docs/");
    }
  });
});

describe("linking", () => {
  const link = (somebody: Somebody, cookie: string) => through(somebody, "/auth/link/google", cookie);

  it("lets an account sign in by an identity from then on, which is one account's only", async () => {
    const [ada, eve] = [await person(api), await person(api)];
    const [hers, his] = [await browserOf(api.url, ada.token), await browserOf(api.url, eve.token)];
    const sub = fresh();
    expect(at(await (await link({ sub }, hers.cookie)).finish())).toBe("/?link_result=success");
    expect(at(await (await link({ sub }, hers.cookie)).finish())).toBe("/?link_result=already_linked");
    expect(at(await (await link({ sub }, his.cookie)).finish())).toBe("/?link_error=identity_taken");
    const done = await (await through({ sub })).finish();
    expect((await browserCall(api.url, cookieIn(done) ?? "")("GET", "/api/me")).body.username).toBe(ada.username);
    expect(await db().prisma.audit_events.count({ where: { chain_id: ada.workspace_id, action: "user.identity_linked" } })).toBe(1);
  });

  it("begins in a session, from a page of ours, and ends with whoever began it", async () => {
    const [ada, eve] = [await person(api), await person(api)];
    const [hers, his] = [await browserOf(api.url, ada.token), await browserOf(api.url, eve.token)];
    refused(await nobody("GET", "/auth/link/google"), 401, "missing");
    for (const site of ["cross-site", "same-site"])
      refused(await hers.call("GET", "/auth/link/google", { headers: { "sec-fetch-site": site } }), 403, "origin");
    const begun = await link({ sub: fresh() }, hers.cookie);
    const elsewhere = await nobody("GET", begun.back, { headers: { cookie: `${his.cookie}; ${begun.attempt}` } });
    expect(at(elsewhere)).toBe("/?link_error=user_not_found");
    expect(at(await nobody("GET", begun.back, { headers: { cookie: hers.cookie } }))).toBe("/?link_error=invalid_state");
  });
});

describe("a program on the same machine", () => {
  let ada: Person;
  let cookie: string;
  beforeAll(async () => {
    ada = await person(api);
    await db().prisma.users.update({ where: { id: ada.user_id }, data: { setup_completed_at: new Date() } });
    ({ cookie } = await browserOf(api.url, ada.token));
  });
  const callback = "http://127.0.0.1:40123/callback";
  const state = "a".repeat(64);
  const ask = (query: Record<string, string>, as = cookie) =>
    nobody("GET", `/auth/cli?${new URLSearchParams(query)}`, { headers: { cookie: as } });
  const answer = (action: string, origin = api.url) =>
    nobody("POST", "/auth/cli/callback", {
      raw: new URLSearchParams({ callback, state, action }).toString(),
      headers: { cookie, origin, "content-type": "application/x-www-form-urlencoded" },
    });
  const field = (page: Answer, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(page.body)?.[1];

  it("gets a token of its own once the person said so: listed, and ended like any session", async () => {
    const page = await ask({ callback, state });
    expect(page.body).toContain("127.0.0.1:40123");
    refused(await answer("allow", "https://evil.example"), 403, "origin");
    const given = await answer("allow");
    expect(given.headers.get("content-security-policy")).toContain("form-action 'self' http://127.0.0.1:40123;");
    const token = field(given, "token") ?? "";
    expect([token.slice(0, 8), field(given, "state")]).toEqual(["tak_ses_", state]);
    const program = caller(api.url, token);
    expect((await program("GET", "/api/me")).body.username).toBe(ada.username);
    expect((await program("POST", "/api/projects", { body: { name: "p" } })).status).toBe(201);
    refused(await program("GET", "/api/me/sessions"), 403, "session_required");
    const browser = browserCall(api.url, cookie);
    const { sessions } = (await browser("GET", "/api/me/sessions")).body;
    await browser("DELETE", `/api/me/sessions/${sessions.find(({ kind }: { kind: string }) => kind === "cli").id}`);
    refused(await program("GET", "/api/me"), 401, "expired");
    const denied = await answer("deny");
    expect([field(denied, "error"), field(denied, "token")]).toEqual(["access_denied", undefined]);
  });

  it("is asked about after signing in, and only at a port of this machine", async () => {
    expect(at(await ask({ callback, state }, ""))).toBe(
      `/console/login?${new URLSearchParams({ return_to: `/auth/cli?${new URLSearchParams({ callback, state })}` })}`,
    );
    for (const wrong of [
      "https://127.0.0.1:40123/",
      "http://evil.example:40123/",
      "http://127.0.0.1:80/",
      "http://a:b@127.0.0.1:40123/",
      "http://127.0.0.1.evil.example:40123/",
      "http://127.0.0.1:40123/../x",
      "javascript:x",
      "",
    ])
      refused(await ask({ callback: wrong }), 400, "invalid");
    refused(await ask({ callback, state: "short" }), 400, "invalid");
  });

  it("of another service of ours learns who is signed in, and no more", async () => {
    expect((await nobody("GET", "/auth/external/session")).body).toEqual({ logged_in: false });
    expect((await nobody("GET", "/auth/external/session", { headers: { cookie, origin: "https://evil.example" } })).status).toBe(403);
    const tokens: string[] = [];
    for (let i = 0; i < 6; i++) tokens.push((await nobody("GET", "/auth/external/session", { headers: { cookie } })).body.token);
    expect(tokens[5]).toMatch(/^tak_ext_/);
    const service = caller(api.url, tokens[5] ?? "");
    expect((await service("GET", "/api/auth/me")).body.user.username).toBe(ada.username);
    refused(await service("GET", "/api/runs"), 403, "scope");
    refused(await caller(api.url, tokens[0] ?? "")("GET", "/api/auth/me"), 401, "expired");
    expect((await service("POST", "/api/auth/logout", { body: {} })).body).toEqual({ success: true });
    refused(await service("GET", "/api/auth/me"), 401, "expired");
  });
});
