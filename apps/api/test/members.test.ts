import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserCall, browserOf, cookieIn } from "@takosumi/testkit/browser";
import { type Call, caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refused } from "./deploy.ts";
import { mailed } from "./mails.ts";
import { type Person, person, spaceOf } from "./people.ts";
import { inline } from "./samples.ts";

let api: TestApi;
let owner: Person;
let admin: Person;
let second: Person;
let editor: Person;
let viewer: Person;
let stranger: Person;
let space: { readonly id: string; readonly slug: string };
beforeAll(async () => {
  api = await startApi();
  [owner, admin, second, editor, viewer, stranger] = (await Promise.all(Array.from({ length: 6 }, () => person(api)))) as [
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
  ];
  space = await spaceOf(owner, "Members", [admin, "admin"], [second, "admin"], [editor, "editor"], [viewer, "viewer"]);
});
afterAll(() => api.close());
const db = () => api.database.db;
const at = (rest: string) => `/api/spaces/${space.id}${rest}`;
const change = (by: Person, who: Person, role: string) => by.call("PATCH", at(`/members/${who.username}`), { body: { role } });
const remove = (by: Person, who: Person) => by.call("DELETE", at(`/members/${who.username}`));
const add = (by: Person, body: object) => by.call("POST", at("/members"), { body });

describe("members", () => {
  it("are listed, who came first first, without what signs them in", async () => {
    const first = (await viewer.call("GET", at("/members?limit=3"))).body;
    const rest = (await viewer.call("GET", at(`/members?cursor=${first.next_cursor}`))).body;
    const all = [...first.members, ...rest.members];
    expect(all.map(({ username, role }: { username: string; role: string }) => [username, role])).toEqual([
      [owner.username, "owner"],
      [admin.username, "admin"],
      [second.username, "admin"],
      [editor.username, "editor"],
      [viewer.username, "viewer"],
    ]);
    expect(Object.keys(all[0])).toEqual(["username", "email", "name", "picture", "kind", "role", "created_at"]);
    expect((await stranger.call("GET", at("/members"))).status).toBe(404);
  });

  it("are changed by whom they may be, and nobody makes an owner", async () => {
    refused(await change(editor, viewer, "editor"), 403, "role");
    refused(await change(admin, second, "viewer"), 403, "role");
    refused(await change(admin, owner, "viewer"), 403, "role");
    refused(await change(admin, viewer, "admin"), 403, "role");
    refused(await remove(admin, second), 403, "role");
    refused(await remove(admin, owner), 403, "role");
    refused(await remove(owner, owner), 403, "role");
    refused(await change(owner, owner, "viewer"), 403, "role");
    refused(await change(owner, viewer, "owner"), 400, "invalid", "role");
    refused(await add(owner, { username: stranger.username, role: "owner" }), 400, "invalid", "role");
    refused(await add(admin, { username: stranger.username, role: "admin" }), 403, "role");
    expect((await change(admin, viewer, "editor")).body.member).toMatchObject({ username: viewer.username, role: "editor" });
    expect((await change(owner, viewer, "viewer")).body.member.role).toBe("viewer");
    refused(await change(owner, stranger, "viewer"), 404, undefined);
  });

  it("are added by username and by a verified address, once, and are told", async () => {
    const guest = await person(api);
    const email = `${guest.username}@example.com`;
    await db().prisma.users.update({ where: { id: guest.user_id }, data: { email } });
    refused(await add(owner, { email, role: "viewer" }), 404, undefined, "email");
    await db().prisma.users.update({ where: { id: guest.user_id }, data: { email_verified_at: new Date() } });
    expect(await add(owner, { email: email.toUpperCase(), role: "viewer" })).toMatchObject({
      status: 201,
      body: { member: { username: guest.username } },
    });
    refused(await add(owner, { username: guest.username, role: "viewer" }), 409, "already_member");
    refused(await add(owner, { username: "nobody-at-all", role: "viewer" }), 404, undefined, "username");
    for (const body of [
      { role: "viewer" },
      { email, username: guest.username, role: "viewer" },
      { email: "no address", role: "viewer" },
      { username: guest.username },
    ])
      refused(await add(owner, body), 400, "invalid");
    const { notifications } = (await guest.call("GET", "/api/notifications")).body;
    expect(notifications).toMatchObject([{ type: "workspace.invite", data: { space_id: space.id, role: "viewer" } }]);
  });

  it("that are removed lose the space at once, with their queued Runs, and keep their account", async () => {
    const guest = await person(api);
    await add(owner, { username: guest.username, role: "editor" });
    const { project } = (await guest.call("POST", "/api/projects", { body: { workspace_id: space.id, name: "theirs" } })).body;
    const { capsule } = (await guest.call("POST", "/api/capsules", { body: { project_id: project.id, name: "c", source: inline } })).body;
    const { run } = (await guest.call("POST", "/api/runs", { body: { kind: "plan", capsule_id: capsule.id } })).body;
    expect((await remove(admin, guest)).body).toEqual({ success: true });
    expect((await guest.call("GET", `/api/runs/${run.id}`)).status).toBe(404);
    expect((await guest.call("GET", "/api/me")).status).toBe(200);
    expect((await owner.call("GET", `/api/runs/${run.id}`)).body.run.status).toBe("cancelled");
    expect(await db().prisma.audit_events.count({ where: { chain_id: space.id, action: "member.removed" } })).toBeGreaterThan(0);
  });

  it("leave, but for the owner, who transfers the space first", async () => {
    const [one, two] = [await person(api), await person(api)];
    const made = await spaceOf(one, "Leaving", [two, "viewer"]);
    const post = (who: Person, path: string, body?: object) => who.call("POST", `/api/spaces/${made.id}/${path}`, body ? { body } : {});
    refused(await post(one, "leave"), 409, "owner");
    refused(await post(two, "transfer", { username: two.username }), 403, "role");
    refused(await post(one, "transfer", { username: stranger.username }), 404, undefined, "username");
    const answers = await Promise.all(Array.from({ length: 3 }, () => post(one, "transfer", { username: two.username })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await db().prisma.members.count({ where: { workspace_id: made.id, role: "owner" } })).toBe(1);
    const second = { workspace_id: made.id, user_id: stranger.user_id, role: "owner" };
    await expect(db().prisma.members.create({ data: second })).rejects.toMatchObject({ code: "P2002" });
    expect((await two.call("GET", `/api/spaces/${made.id}`)).body).toMatchObject({
      role: "owner",
      space: { owner_principal_id: two.user_id },
    });
    expect((await post(one, "leave")).body).toEqual({ success: true });
    expect((await one.call("GET", `/api/spaces/${made.id}`)).status).toBe(404);
    refused(await one.call("POST", "/api/spaces/me/leave"), 409, "owner");
  });
});

describe("an invitation", () => {
  const invite = (by: Person, body: object) => by.call("POST", at("/invitations"), { body });
  const take = (token: string, body: object, call: Call = caller(api.url, null)) => call("POST", `/api/invitations/${token}`, { body });
  const password = "correct horse battery staple";

  it("by mail lets somebody without an account in, once, also when many take it", async () => {
    const address = `new-${Date.now()}@example.com`;
    const made = await invite(admin, { email: address, role: "editor" });
    expect(made).toMatchObject({ status: 201, body: { invitation: { email: address, role: "editor", username: null } } });
    const token = await mailed(api, "invite", address);
    expect(JSON.stringify([made.body, await db().prisma.invitations.findMany()])).not.toContain(token);
    const nobody = caller(api.url, null);
    expect((await nobody("GET", `/api/invitations/${token}`)).body.invitation).toMatchObject({
      space: { name: "Members" },
      role: "editor",
    });
    refused(await take(token, {}), 401, "missing");
    refused(await take(token, { username: owner.username, password }), 409, "name_taken");
    refused(await take(token, { username: "admin", password }), 400, "invalid");
    refused(await take(token, { username: "correct", password }), 400, "invalid", "holds the username");
    const name = `new-${Date.now().toString(36)}`;
    const answers = await Promise.all(Array.from({ length: 4 }, (_, i) => take(token, { username: `${name}-${i}`, password })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 410, 410, 410]);
    const won = answers.find(({ status }) => status === 200);
    const call = browserCall(api.url, won ? (cookieIn(won) ?? "") : "");
    expect((await call("GET", at(""))).body.role).toBe("editor");
    expect((await call("GET", "/api/me")).body).toMatchObject({ email: address, setup_completed: true });
    refused(await nobody("GET", `/api/invitations/${token}`), 410, "expired");
    expect((await nobody("GET", `/api/invitations/${"x".repeat(43)}`)).status).toBe(404);
    expect(await db().prisma.users.count({ where: { username: { startsWith: name } } })).toBe(1);
  });

  it("by username is theirs alone, and may be declined", async () => {
    const [guest, other] = [await person(api), await person(api)];
    const { invitation } = (await invite(owner, { username: guest.username, role: "viewer" })).body;
    expect((await take(invitation.id, {}, other.call)).status).toBe(404);
    expect((await take(invitation.id, { username: "anybody", password })).status).toBe(404);
    expect((await guest.call("DELETE", `/api/invitations/${invitation.id}`)).body).toEqual({ success: true });
    refused(await take(invitation.id, {}, guest.call), 410, "expired");
    const again = (await invite(owner, { username: guest.username, role: "viewer" })).body.invitation;
    expect((await guest.call("GET", "/api/notifications")).body.notifications.at(0)).toMatchObject({ data: { invitation_id: again.id } });
    expect((await take(again.id, {}, guest.call)).body).toEqual({ success: true, space_id: space.id });
    refused(await invite(owner, { username: guest.username, role: "viewer" }), 409, "already_member");
  });

  it.each([
    ["was removed", (who: Person) => remove(owner, who)],
    ["left", (who: Person) => who.call("POST", at("/leave"))],
  ])("made by an admin who %s since is over, also one to themselves", async (_, go) => {
    const [leaving, guest] = [await person(api), await person(api)];
    await add(owner, { username: leaving.username, role: "admin" });
    const address = `self-${leaving.username}@example.com`;
    await invite(leaving, { email: address, role: "editor" });
    const other = (await invite(admin, { username: guest.username, role: "viewer" })).body.invitation;
    const token = await mailed(api, "invite", address);
    expect((await go(leaving)).status).toBe(200);
    refused(await take(token, {}, leaving.call), 410, "expired");
    refused(await take(token, { username: "whoever-it-is", password }), 410, "expired");
    expect((await take(other.id, {}, guest.call)).status).toBe(200);
  });

  it("is replaced by the next one, taken back, and over after seven days", async () => {
    const address = `again-${Date.now()}@example.com`;
    const first = (await invite(owner, { email: address, role: "viewer" })).body.invitation;
    const token = await mailed(api, "invite", address);
    const next = (await invite(owner, { email: address.toUpperCase().replace("EXAMPLE.COM", "example.com"), role: "editor" })).body
      .invitation;
    refused(await take(token, { username: "whoever-it-is", password }), 410, "expired");
    const { invitations } = (await admin.call("GET", at("/invitations"))).body;
    expect(invitations.map(({ id }: { id: string }) => id)).toContain(next.id);
    expect(invitations.map(({ id }: { id: string }) => id)).not.toContain(first.id);
    expect((await admin.call("DELETE", at(`/invitations/${next.id}`))).status).toBe(204);
    expect((await admin.call("DELETE", at(`/invitations/${next.id}`))).status).toBe(404);
    const late = await person(api);
    const { invitation } = (await invite(owner, { username: late.username, role: "viewer" })).body;
    await db().prisma.invitations.update({ where: { id: invitation.id }, data: { expires_at: new Date(0) } });
    refused(await take(invitation.id, {}, late.call), 410, "expired");
    refused(await invite(admin, { email: address, role: "admin" }), 403, "role");
    refused(await invite(editor, { email: address, role: "viewer" }), 403, "role");
    for (const body of [{ email: address }, { role: "viewer" }, { email: address, role: "owner" }, { email: "x", role: "viewer" }])
      refused(await invite(owner, body), 400, "invalid");
  });
});

describe("the page of an invitation", () => {
  const form = (fields: Record<string, string>, cookie = "", origin = api.url) =>
    caller(api.url, null)("POST", "/console/invite", {
      raw: new URLSearchParams(fields).toString(),
      headers: { cookie, origin, "content-type": "application/x-www-form-urlencoded" },
    });

  it("shows what is offered, and lets somebody in who is signed in", async () => {
    const guest = await person(api);
    const { invitation } = (await owner.call("POST", at("/invitations"), { body: { username: guest.username, role: "viewer" } })).body;
    const { cookie } = await browserOf(api.url, guest.token);
    expect((await form({ token: invitation.id }, cookie)).body).toContain("<strong>Members</strong>, as viewer");
    expect((await form({ token: invitation.id })).status).toBe(404);
    refused(await form({ token: invitation.id, action: "accept" }, cookie, "https://evil.example"), 403, "origin");
    expect((await form({ token: invitation.id, action: "accept" }, cookie)).status).toBe(303);
    expect((await guest.call("GET", at(""))).body.role).toBe("viewer");
    expect((await form({ token: invitation.id }, cookie)).status).toBe(410);
    expect((await caller(api.url, null)("GET", "/console/invite")).body).toContain("<form");
  });
});

describe("a token of a space", () => {
  const make = (by: Person, body: object) => by.call("POST", at("/tokens"), { body: { name: "bot", role: "editor", ...body } });

  it("sees that space alone, is no person, and outlives who made it", async () => {
    const maker = await person(api);
    await add(owner, { username: maker.username, role: "admin" });
    const made = (await make(maker, {})).body;
    expect(made).toMatchObject({
      token: expect.stringMatching(/^tak_pat_/),
      space_token: { role: "editor", scopes: "*", username: expect.stringMatching(/^svc\./) },
    });
    const bot = caller(api.url, made.token);
    await remove(owner, maker);
    expect((await bot("GET", "/api/spaces/me")).body).toMatchObject({ space: { id: space.id }, role: "editor" });
    const { project } = (await bot("POST", "/api/projects", { body: { name: "by a bot" } })).body;
    expect(project.workspace_id).toBe(space.id);
    expect((await bot("GET", `/api/spaces/${owner.workspace_id}`)).status).toBe(404);
    for (const path of ["/api/me", "/api/spaces", "/api/me/personal-access-tokens", "/api/auth/me"])
      refused(await bot("GET", path), 403, "person_required");
    const { events } = (await owner.call("GET", `/api/audit?workspace_id=${space.id}&action=project.created`)).body;
    expect(events[0]).toMatchObject({ actor: { kind: "service", name: "bot" } });
    expect(
      (await owner.call("GET", at("/members?limit=100"))).body.members.map(({ username }: { username: string }) => username),
    ).not.toContain(made.space_token.username);
    expect((await owner.call("GET", at("/tokens"))).body.tokens.map(({ id }: { id: string }) => id)).toContain(made.space_token.id);
    expect((await owner.call("DELETE", at(`/tokens/${made.space_token.id}`))).body).toEqual({ success: true });
    refused(await bot("GET", "/api/spaces/me"), 401, "revoked");
    expect((await owner.call("DELETE", at(`/tokens/${made.space_token.id}`))).status).toBe(404);
  });

  it("is at most what its maker is, and never an owner", async () => {
    refused(await make(owner, { role: "owner" }), 400, "invalid", "role");
    refused(await make(editor, { role: "viewer" }), 403, "role");
    expect((await make(admin, { role: "admin" })).status).toBe(201);
    const narrow = (await make(admin, { role: "admin", scopes: "member:write run:read" })).body.token;
    const by = { ...admin, call: caller(api.url, narrow) };
    expect((await make(by, { role: "viewer", scopes: "run:read" })).status).toBe(201);
    refused(await make(by, { role: "viewer" }), 403, "scope");
    for (const body of [{ scopes: "no:such" }, { expires_at: "2020-01-01T00:00:00Z" }, { name: "" }])
      refused(await make(owner, body), 400, "invalid");
  });
});
