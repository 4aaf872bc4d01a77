import { hashToken, mintToken } from "@takosumi/keyring/tokens";
import { createActor } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { type Browser, browserCall, browserOf, cookieIn } from "@takosumi/testkit/browser";
import { type Call, caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refused } from "./deploy.ts";
import { mailed } from "./mails.ts";

let api: TestApi;
let nobody: Call;
beforeAll(async () => {
  api = await startApi();
  nobody = caller(api.url, null);
});
afterAll(() => api.close());
const db = () => api.database.db;
const secret = "correct horse battery staple";

/** Somebody with a browser session and a password. */
async function person(): Promise<
  Browser & { readonly user_id: string; readonly username: string; readonly workspace_id: string; readonly token: string }
> {
  const actor = await createActor(db());
  const browser = await browserOf(api.url, actor.token);
  const answer = await browser.call("PUT", "/api/me/password", { body: { new_password: secret } });
  expect(answer.body).toEqual({ success: true });
  const cookie = cookieIn(answer) ?? "";
  const { username } = await db().prisma.users.findUniqueOrThrow({ where: { id: actor.user_id } });
  return { ...actor, username, cookie, call: browserCall(api.url, cookie) };
}
const eventsOf = async (workspace_id: string, action: string) =>
  db().prisma.audit_events.findMany({ where: { chain_id: workspace_id, action }, orderBy: { sequence: "asc" } });

describe("a one-time code", () => {
  it("signs in once, also when many show it at the same moment", async () => {
    const { token, workspace_id, user_id } = await createActor(db());
    const made = await caller(api.url, token)("POST", "/api/me/sign-in-codes", { body: {} });
    expect(made).toMatchObject({ status: 201, body: { url: `${api.url}/console/welcome#${made.body.code}` } });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => nobody("POST", "/api/auth/code", { body: { code: made.body.code } })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401, 401, 401, 401, 401]);
    const [won] = answers.filter(({ status }) => status === 200);
    expect(won?.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^tp_session_\d+=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800$/),
    ]);
    expect(await eventsOf(workspace_id, "session.created")).toMatchObject([
      { actor: { id: user_id, kind: "user" }, metadata: { method: "code" } },
    ]);
    expect(JSON.stringify(await db().prisma.sign_in_codes.findMany())).not.toContain(made.body.code);
  });

  it("that is too old is one that nobody made", async () => {
    const { token } = await createActor(db());
    const { code } = (await caller(api.url, token)("POST", "/api/me/sign-in-codes", { body: {} })).body;
    await db().prisma.sign_in_codes.updateMany({ where: { code_hash: hashToken(code) }, data: { expires_at: new Date(0) } });
    const late = await nobody("POST", "/api/auth/code", { body: { code } });
    const wrong = await nobody("POST", "/api/auth/code", { body: { code: mintToken("") } });
    refused(late, 401, "invalid");
    expect(late.body).toEqual(wrong.body);
  });

  it("is not made by a token of fewer scopes", async () => {
    const { token } = await createActor(db());
    const made = await caller(api.url, token)("POST", "/api/me/personal-access-tokens", {
      body: { name: "narrow", scopes: "account:credentials account:read" },
    });
    refused(await caller(api.url, made.body.token)("POST", "/api/me/sign-in-codes", { body: {} }), 403, "scope");
  });
});

describe("a password", () => {
  it("signs in; a wrong one and a name that nobody has are one answer", async () => {
    const { username, workspace_id, user_id } = await person();
    const shown = (name: string, password: string) => nobody("POST", "/api/auth/password", { body: { username: name, password } });
    const answer = await shown(`@${username.toUpperCase()}`, secret);
    expect(answer).toMatchObject({ status: 200, body: { username, setup_completed: false } });
    const call = browserCall(api.url, cookieIn(answer) ?? "");
    expect((await call("GET", "/api/me")).body.username).toBe(username);
    const wrong = await shown(username, "another password altogether");
    const unknown = await shown("nobody-is-called-this", secret);
    refused(wrong, 401, "invalid");
    expect(wrong.body).toEqual(unknown.body);
    expect(cookieIn(wrong)).toBeNull();
    expect((await eventsOf(workspace_id, "session.created")).at(-1)).toMatchObject({ actor_id: user_id, metadata: { method: "password" } });
    const denials = { chain_id: "instance", action: "access.denied", target_id: "auth.password" };
    // One a minute, and the two may fall into two.
    expect([1, 2]).toContain(await db().prisma.audit_events.count({ where: denials }));
  });

  it("is replaced only by whoever knows it, and then every other session is over", async () => {
    const { call, token, cookie } = await person();
    const other = await browserOf(api.url, token);
    const change = (current_password: string) =>
      other.call("PUT", "/api/me/password", { body: { current_password, new_password: `${secret}!` } });
    refused(await change("a wrong one"), 403, undefined);
    const changed = await change(secret);
    expect(changed.status).toBe(200);
    for (const ended of [call, browserCall(api.url, cookie), other.call]) refused(await ended("GET", "/api/me"), 401, "missing");
    expect((await browserCall(api.url, cookieIn(changed) ?? "")("GET", "/api/me")).status).toBe(200);
  });

  it.each(["short", "x".repeat(257), 12, null])("that is %j is refused", async (new_password) => {
    const { call } = await browserOf(api.url, (await createActor(db())).token);
    refused(await call("PUT", "/api/me/password", { body: { new_password } }), 400, "invalid", "new_password");
  });

  it("is stored as argon2id, and never holds the username", async () => {
    const { user_id, username, call } = await person();
    const { password_hash } = await db().prisma.users.findUniqueOrThrow({ where: { id: user_id } });
    expect(password_hash).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
    const body = { current_password: secret, new_password: `my name is ${username}` };
    refused(await call("PUT", "/api/me/password", { body }), 400, "invalid");
  });
});

describe("a forgotten password", () => {
  const reset = (body: object) => nobody("POST", "/api/auth/reset", { body });

  it("is replaced once by whoever reads the mails of its address, and every session ends", async () => {
    const one = await person();
    const email = `${one.username}@example.com`;
    const asked = await reset({ username: one.username });
    expect(asked.body).toEqual({ success: true });
    expect(await db().prisma.sign_in_codes.count({ where: { user_id: one.user_id, purpose: "reset" } })).toBe(0);
    await db().prisma.users.update({ where: { id: one.user_id }, data: { email, email_verified_at: new Date() } });
    expect((await reset({ username: one.username })).body).toEqual((await reset({ username: "nobody-is-called-this" })).body);
    const code = await mailed(api, "reset", email);
    refused(await reset({ code, new_password: "short" }), 400, "invalid");
    refused(await nobody("POST", "/api/auth/code", { body: { code } }), 401, "invalid");
    const answers = await Promise.all(Array.from({ length: 3 }, () => reset({ code, new_password: `${secret} anew` })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
    refused(await one.call("GET", "/api/me"), 401, "missing");
    const shown = (password: string) => nobody("POST", "/api/auth/password", { body: { username: one.username, password } });
    refused(await shown(secret), 401, "invalid");
    expect((await shown(`${secret} anew`)).status).toBe(200);
    for (const body of [{}, { code }, { username: "a", code, new_password: secret }, { new_password: secret }])
      refused(await reset(body), 400, "invalid");
  });

  it("is followed by no code that was made before: whatever ends the sessions ends the ways to a new one", async () => {
    const spare = async ({ token }: { readonly token: string }): Promise<string> =>
      (await caller(api.url, token)("POST", "/api/me/sign-in-codes", { body: {} })).body.code;
    const dead = async (code: string) => refused(await nobody("POST", "/api/auth/code", { body: { code } }), 401, "invalid");
    const one = await person();
    const first = await spare(one);
    expect((await one.call("DELETE", "/api/me/sessions")).status).toBe(200);
    await dead(first);
    const second = await spare(one);
    const changed = await one.call("PUT", "/api/me/password", { body: { current_password: secret, new_password: `${secret}!` } });
    expect(changed.status).toBe(200);
    await dead(second);
    const email = `${one.username}@example.com`;
    await db().prisma.users.update({ where: { id: one.user_id }, data: { email, email_verified_at: new Date() } });
    await reset({ username: one.username });
    const earlier = await mailed(api, "reset", email);
    const third = await spare(one);
    refused(await reset({ code: earlier, new_password: `my name is ${one.username}` }), 400, "invalid", "holds the username");
    expect((await reset({ code: earlier, new_password: `${secret} anew` })).status).toBe(200);
    await dead(third);
    refused(await reset({ code: earlier, new_password: secret }), 401, "invalid");
  });

  it("tells its owner of a sign-in from a place that is new", async () => {
    const { username, call } = await person();
    const sign = (agent: string) =>
      nobody("POST", "/api/auth/password", { body: { username, password: secret }, headers: { "user-agent": agent } });
    await sign("a browser of somebody else");
    await sign("a browser of somebody else");
    const { notifications } = (await call("GET", "/api/notifications")).body;
    expect(notifications.filter(({ type }: { type: string }) => type === "security.new_login")).toHaveLength(1);
  });
});

describe("a session", () => {
  it("of a cookie changes something only from a page of ours", async () => {
    const { cookie } = await person();
    const patch = (headers: Record<string, string>) =>
      nobody("PATCH", "/api/me/settings", { body: { private_account: true }, headers: { cookie, ...headers } });
    for (const origin of ["https://evil.example", "null", `${api.url}.evil.example`, "http://127.0.0.1:1", ""])
      refused(await patch({ origin }), 403, "origin");
    refused(await patch({}), 403, "origin");
    refused(await patch({ "sec-fetch-site": "same-site" }), 403, "origin");
    expect((await patch({ origin: api.url })).status).toBe(200);
    expect((await patch({ origin: api.url.replace("127.0.0.1", "localhost") })).status).toBe(200);
    expect((await nobody("GET", "/api/me", { headers: { cookie } })).status).toBe(200);
  });

  it("is no bearer, and a wrong Authorization header never falls back to it", async () => {
    const { cookie, call } = await person();
    const value = cookie.slice(cookie.indexOf("=") + 1);
    for (const authorization of [`Bearer ${value}`, `Bearer tak_ses_${value}`, `Bearer ${mintToken("tak_pat_")}`])
      refused(await call("GET", "/api/me", { headers: { authorization } }), 401, "invalid");
    for (const name of ["x-takos-internal", "x-takos-session-id"])
      refused(await nobody("GET", "/api/me", { headers: { [name]: value } }), 401, "missing");
    refused(await nobody("GET", "/api/me", { headers: { cookie: `${cookie}; ${cookie}` } }), 401, "missing");
  });

  it("is listed, ended one by one and all together; whoever is not theirs is not found", async () => {
    const { call, token } = await person();
    const [second, third] = [await browserOf(api.url, token), await browserOf(api.url, token)];
    const { sessions, next_cursor } = (await call("GET", "/api/me/sessions?limit=2")).body;
    expect(sessions).toMatchObject([{ current: false }, { current: false }]);
    const rest = (await call("GET", `/api/me/sessions?cursor=${next_cursor}`)).body.sessions;
    expect(rest).toMatchObject([{ current: true, kind: "browser", method: "password", address: "127.0.0.1" }]);
    expect(JSON.stringify([sessions, rest])).not.toMatch(/hash/);
    const other = await browserOf(api.url, (await createActor(db())).token);
    expect((await other.call("DELETE", `/api/me/sessions/${sessions[0].id}`)).status).toBe(404);
    expect((await call("DELETE", `/api/me/sessions/${sessions[0].id}`)).status).toBe(204);
    refused(await third.call("GET", "/api/me"), 401, "missing");
    expect((await call("DELETE", "/api/me/sessions")).body).toEqual({ ended: 1 });
    refused(await second.call("GET", "/api/me"), 401, "missing");
    expect((await call("GET", "/api/me")).status).toBe(200);
    refused(await caller(api.url, token)("GET", "/api/me/sessions"), 403, "session_required");
  });

  it("ends with a logout, when it is over, and when the same browser signs in again", async () => {
    const { call, token } = await person();
    const out = await call("POST", "/api/auth/logout", { body: {} });
    expect(out.headers.getSetCookie()[0]).toMatch(/^tp_session_\d+=; .*Max-Age=0$/);
    refused(await call("GET", "/api/me"), 401, "missing");
    expect((await nobody("POST", "/api/auth/logout", { body: {} })).body).toEqual({ success: true });
    const old = await browserOf(api.url, token);
    const { code } = (await caller(api.url, token)("POST", "/api/me/sign-in-codes", { body: {} })).body;
    const again = await old.call("POST", "/api/auth/code", { body: { code } });
    refused(await old.call("GET", "/api/me"), 401, "missing");
    const next = browserCall(api.url, cookieIn(again) ?? "");
    expect((await next("GET", "/api/me")).status).toBe(200);
    await db().prisma.sessions.update({ where: { id: again.body.session_id }, data: { expires_at: new Date(0) } });
    refused(await next("GET", "/api/me"), 401, "missing");
  });
});

describe("the pages", () => {
  const page = (path: string, cookie = "") => nobody("GET", path, { headers: { cookie } });
  const form = (path: string, fields: Record<string, string>, origin = api.url) =>
    nobody("POST", path, {
      raw: new URLSearchParams(fields).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded", origin },
    });

  it("are plain, framed by nobody, and run only what is theirs", async () => {
    for (const path of ["/console/login", "/console/welcome"]) {
      const answer = await page(path);
      expect(answer.status).toBe(200);
      const policy = answer.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      for (const nonce of answer.body.matchAll(/nonce="([^"]+)"/g)) expect(policy).toContain(`'nonce-${nonce[1]}'`);
      expect(answer.body).not.toMatch(/\son\w+=|<script(?! nonce)/);
    }
    const odd = await page(`/console/login?return_to=${encodeURIComponent('/docs/?a="><script>alert(1)</script>')}`);
    expect(odd.body).not.toContain("<script>alert");
  });

  it("sign in by password and lead on to where one wanted to go", async () => {
    const { username } = await person();
    expect((await page("/auth/login?return_to=%2Fdocs%2F%3Fa%3D1")).headers.get("location")).toBe(
      "/console/login?return_to=%2Fdocs%2F%3Fa%3D1",
    );
    const answer = await form("/auth/password", { username, password: secret, return_to: "/docs/?a=1" });
    expect(answer).toMatchObject({ status: 303 });
    expect(answer.headers.get("location")).toBe("/docs/?a=1");
    const cookie = cookieIn(answer) ?? "";
    expect((await page("/console/login?return_to=/oauth/authorize?x=1", cookie)).headers.get("location")).toBe("/oauth/authorize?x=1");
    const wrong = await form("/auth/password", { username, password: "wrong", return_to: "/docs/" });
    expect(wrong.headers.get("location")).toBe("/console/login?return_to=%2Fdocs%2F&failed=credentials");
    expect((await page(wrong.headers.get("location") ?? "")).body).toContain("is wrong");
  });

  it.each([
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    "http:evil",
    "/%0d%0aSet-Cookie:a=b",
    "",
  ])("never lead to %j", async (return_to) => {
    const { token } = await createActor(db());
    const { code } = (await caller(api.url, token)("POST", "/api/me/sign-in-codes", { body: {} })).body;
    const answer = await form("/auth/code", { code, return_to });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/);
    expect(answer.headers.get("location")).not.toContain("evil");
  });

  it("take no form from elsewhere", async () => {
    const { token, username } = await person();
    const { code } = (await caller(api.url, token)("POST", "/api/me/sign-in-codes", { body: {} })).body;
    refused(await form("/auth/code", { code }, "https://evil.example"), 403, "origin");
    refused(await form("/auth/password", { username, password: secret }, "null"), 403, "origin");
    expect((await form("/auth/code", { code })).status).toBe(303);
  });
});
