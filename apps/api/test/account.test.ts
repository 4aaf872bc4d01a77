import { createActor } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { type Call, caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refused } from "./deploy.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
const db = () => api.database.db;
let counter = 0;
const fresh = () => `person${Date.now().toString(36)}${++counter}`;
async function person(): Promise<{ readonly call: Call; readonly user_id: string; readonly workspace_id: string }> {
  const { token, user_id, workspace_id } = await createActor(db());
  return { call: caller(api.url, token), user_id, workspace_id };
}

describe("the setup", () => {
  it("of the first owner is incomplete until they chose a username, and happens once", async () => {
    expect((await api.call("GET", "/api/setup/status")).body).toEqual({
      setup_completed: false,
      username: "owner",
      email: null,
      name: "Owner",
    });
    const name = fresh();
    expect((await api.call("POST", "/api/setup/complete", { body: { username: name.toUpperCase() } })).body).toEqual({
      success: true,
      username: name,
    });
    expect((await api.call("GET", "/api/me")).body).toMatchObject({ username: name, setup_completed: true });
    refused(await api.call("POST", "/api/setup/complete", { body: { username: fresh() } }), 400, "invalid");
    expect((await api.call("GET", "/api/me/personal-space")).body.space).toMatchObject({ slug: name, kind: "user" });
  });

  it("says which names are free", async () => {
    const { call } = await person();
    const mine = (await call("GET", "/api/me")).body.username;
    const ask = async (username: string) => (await call("POST", "/api/setup/check-username", { body: { username } })).body;
    expect(await ask(fresh())).toEqual({ available: true });
    for (const name of [mine, "admin", "ab", "Ａdmin", "аdа-x", "a--b", "_abc", "abc-", "ws_abc", "me", "x".repeat(31)])
      expect(await ask(name)).toMatchObject({ available: false, error: expect.any(String) });
  });
});

describe("a username", () => {
  const rename = (call: Call, username: unknown) => call("PATCH", "/api/me/username", { body: { username } });

  it.each([
    "ab",
    "x".repeat(31),
    "admin",
    "Support",
    "me",
    "a b",
    "a.b",
    "_ab",
    "ab_",
    "a__b",
    "a-_b",
    "аdmin",
    "ＡＢＣ",
    "\u212aevin",
    "ada\u200b",
    "ws_mine",
    "",
    1,
    null,
    ["ada"],
  ])("is not %j", async (username) => {
    const { call } = await person();
    const answer = await rename(call, username);
    refused(answer, 400, "invalid", "username");
  });

  it("is one for people and spaces, whoever is first, and a space of one's own follows it", async () => {
    const [ada, eve] = [await person(), await person()];
    const name = fresh();
    const answers = await Promise.all([rename(ada.call, name), rename(eve.call, `@${name.toUpperCase()}`)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    refused(answers.find(({ status }) => status === 409) ?? answers[0], 409, "name_taken", name);
    const winner = answers[0].status === 200 ? ada : eve;
    expect((await winner.call("GET", `/api/runs?workspace_id=${name}`)).status).toBe(200);
    expect((await rename(winner.call, name)).body).toEqual({ success: true, username: name });
    expect(await db().prisma.audit_events.count({ where: { chain_id: winner.workspace_id, action: "user.renamed" } })).toBe(1);
  });

  it("that was given up is held for 90 days, leads to its holder, and may be taken back", async () => {
    const [ada, eve] = [await person(), await person()];
    const [first, second] = [fresh(), fresh()];
    await rename(ada.call, first);
    await rename(ada.call, second);
    refused(await rename(eve.call, first), 409, "name_taken");
    expect((await ada.call("GET", `/api/runs?workspace_id=${first}`)).status).toBe(200);
    expect((await eve.call("GET", `/api/runs?workspace_id=${first}`)).status).toBe(404);
    expect((await rename(ada.call, first)).status).toBe(200);
    await rename(ada.call, second);
    await db().prisma.names.update({ where: { name: first }, data: { released_at: new Date(Date.now() - 91 * 24 * 3_600_000) } });
    expect((await ada.call("GET", `/api/runs?workspace_id=${first}`)).status).toBe(404);
    expect((await rename(eve.call, first)).status).toBe(200);
  });
});

describe("settings and profile", () => {
  it("come with defaults, and keep what was said", async () => {
    const { call } = await person();
    const defaults = { setup_completed: false, auto_update_enabled: true, private_account: false, activity_visibility: "public" };
    expect((await call("GET", "/api/me/settings")).body).toMatchObject(defaults);
    const changed = await call("PATCH", "/api/me/settings", { body: { activity_visibility: " Private ", setup_completed: true } });
    expect(changed.body).toMatchObject({ ...defaults, activity_visibility: "private", setup_completed: true });
    expect((await call("GET", "/api/me/settings")).body).toEqual(changed.body);
    for (const body of [{}, { activity_visibility: "friends" }, { private_account: "yes" }])
      refused(await call("PATCH", "/api/me/settings", { body }), 400, "invalid");
  });

  it("a profile takes a name and an https picture", async () => {
    const { call } = await person();
    const patch = (body: object) => call("PATCH", "/api/auth/profile", { body });
    expect((await patch({ display_name: " Ada ", avatar_url: "https://example.com/a.png" })).body).toEqual({ success: true });
    expect((await call("GET", "/api/auth/me")).body.user).toMatchObject({
      display_name: "Ada",
      avatar_url: "https://example.com/a.png",
      auth_identities: [],
    });
    expect((await patch({ avatar_url: "" })).status).toBe(200);
    expect((await call("GET", "/api/me")).body).toMatchObject({ name: "Ada", picture: null });
    for (const body of [
      {},
      { avatar_url: "http://example.com" },
      { avatar_url: "javascript:x" },
      { display_name: " " },
      { display_name: "a\u202eb" },
    ])
      refused(await patch(body), 400, "invalid");
  });
});

describe("a personal access token", () => {
  const make = (call: Call, body: object) => call("POST", "/api/me/personal-access-tokens", { body: { name: "t", ...body } });

  it("is shown once, listed by its first characters, and refused once it is revoked", async () => {
    const { call } = await person();
    const made = (await make(call, { scopes: "run:read account:read" })).body;
    expect(made).toMatchObject({
      token: expect.stringMatching(/^tak_pat_.{43}$/),
      scopes: '["account:read","run:read"]',
      expires_at: null,
    });
    const { tokens } = (await call("GET", "/api/me/personal-access-tokens")).body;
    expect(tokens[0]).toEqual({ ...made, token: undefined, last_used_at: null });
    expect(tokens[0].token_prefix).toBe(made.token.slice(0, 12));
    const program = caller(api.url, made.token);
    expect((await program("GET", "/api/me")).status).toBe(200);
    refused(await program("PATCH", "/api/me/settings", { body: { private_account: true } }), 403, "scope");
    expect((await call("DELETE", `/api/me/personal-access-tokens/${made.id}`)).body).toEqual({ success: true });
    refused(await program("GET", "/api/me"), 401, "revoked");
    expect((await call("DELETE", `/api/me/personal-access-tokens/${made.id}`)).status).toBe(404);
    expect((await call("GET", "/api/me/personal-access-tokens")).body.tokens).toHaveLength(1);
  });

  it.each([
    ["*", "*"],
    [["run:read", "run:plan", "run:read"], '["run:plan","run:read"]'],
    ['["run:read"]', '["run:read"]'],
    [" run:read  run:plan ", '["run:plan","run:read"]'],
  ])("takes the scopes %j", async (scopes, shown) => {
    const { call } = await person();
    expect((await make(call, { scopes })).body.scopes).toBe(shown);
  });

  it.each([
    [{ scopes: "run:everything" }, "scopes"],
    [{ scopes: [] }, "scopes"],
    [{ scopes: "" }, "scopes"],
    [{ scopes: ["*"] }, "scopes"],
    [{ scopes: '["run:read"' }, "scopes"],
    [{ scopes: 1 }, "scopes"],
    [{ name: "  " }, "name"],
    [{ name: "x".repeat(101) }, "name"],
    [{ expiresAt: "tomorrow" }, "expiresAt"],
    [{ expiresAt: "2020-01-01" }, "expiresAt"],
    [{ expires_at: "2030-01-01" }, "expires_at"],
  ])("%j is refused", async (body, word) => {
    const { call } = await person();
    refused(await make(call, body), 400, "invalid", word);
  });

  it("never makes a wider one", async () => {
    const { call } = await person();
    const narrow = caller(api.url, (await make(call, { scopes: "account:credentials run:read" })).body.token);
    expect((await make(narrow, { scopes: "run:read" })).status).toBe(201);
    for (const scopes of ["*", "run:plan", "run:read run:plan"]) refused(await make(narrow, { scopes }), 403, "scope");
    refused(
      await make(caller(api.url, (await make(call, { scopes: "account:write" })).body.token), { scopes: "account:write" }),
      403,
      "scope",
    );
  });

  it("expires", async () => {
    const { call } = await person();
    const made = (await make(call, { expiresAt: new Date(Date.now() + 3_600_000).toISOString() })).body;
    const program = caller(api.url, made.token);
    expect((await program("GET", "/api/me")).status).toBe(200);
    await db().prisma.personal_access_tokens.update({ where: { id: made.id }, data: { expires_at: new Date(0) } });
    refused(await program("GET", "/api/me"), 401, "expired");
  });
});
