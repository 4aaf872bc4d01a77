import type { Role } from "@takosumi/contracts/access";
import { newId } from "@takosumi/contracts/ids";
import { tell } from "@takosumi/db/notifications";
import { type Actor, createActor, createMember, createToken, type TokenOptions } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { type Call, caller } from "@takosumi/testkit/call";
import { eventStream, type Frame } from "@takosumi/testkit/event-stream";
import { type HeldRun, ProtocolRunner, taken } from "@takosumi/testkit/held-run";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, fieldPaths } from "./deploy.ts";

let world: DeployWorld;
let replica: TestApi;
let runner: ProtocolRunner;
let project: { readonly id: string; readonly workspace_id: string };
interface Person extends Actor {
  readonly call: Call;
}
let owner: Person;
let admin: Person;
let editor: Person;
let viewer: Person;
let capsules = 0;
const person = async (role: Role): Promise<Person> => {
  const actor = await createMember(world.db, project.workspace_id, role);
  return { ...actor, call: caller(world.api.url, actor.token) };
};
beforeAll(async () => {
  world = await DeployWorld.start();
  replica = await startApi({ replicaOf: world.api });
  runner = await ProtocolRunner.open(world.api.url, world.api.runnerToken);
  project = await world.project();
  const { owner_id } = await world.db.prisma.workspaces.findUniqueOrThrow({ where: { id: project.workspace_id } });
  owner = { user_id: owner_id, workspace_id: project.workspace_id, token: world.api.token, call: world.call };
  [admin, editor, viewer] = await Promise.all([person("admin"), person("editor"), person("viewer")]);
});
afterAll(async () => {
  await replica?.close();
  await world?.close();
});

/** A plan that a runner holds, made by somebody. */
async function running(by: Person, policy: object = {}): Promise<HeldRun> {
  const capsule = await world.capsule({ project_id: project.id, name: `c${capsules++}`, policy });
  await world.ok("POST", "/api/runs", { kind: "plan", capsule_id: capsule.id }, by.call);
  return runner.claimed(20);
}
async function planned(by: Person, policy: object = {}): Promise<HeldRun> {
  const held = await running(by, policy);
  taken(await held.planned({ summary: { add: 2 } }));
  return held;
}
/** Who was told of a Run, and as what. */
async function told(run: string): Promise<Record<string, string[]>> {
  const names = new Map([
    [owner.user_id, "owner"],
    [admin.user_id, "admin"],
    [editor.user_id, "editor"],
    [viewer.user_id, "viewer"],
  ]);
  const rows = await world.db.prisma.notifications.findMany({ where: { run_id: run } });
  const of = Map.groupBy(rows, ({ type }) => type);
  return Object.fromEntries([...of].map(([type, list]) => [type, list.map(({ user_id }) => names.get(user_id) ?? user_id).toSorted()]));
}
const list = async (who: Person, query = ""): Promise<Listed[]> =>
  (await world.ok("GET", `/api/notifications${query}`, undefined, who.call)).notifications;
interface Listed {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly data: Readonly<Record<string, string>>;
  readonly read_at: string | null;
  readonly created_at: string;
}

describe("who is told", () => {
  it("that a plan waits: whoever may approve it", async () => {
    const { lease } = await planned(editor);
    expect(await told(lease.run_id)).toEqual({ "run.approval_needed": ["admin", "owner"] });
    const [newest] = await list(admin);
    expect(newest).toMatchObject({
      type: "run.approval_needed",
      title: expect.stringMatching(/^The plan of c\d+ waits for approval$/),
      body: "2 to add, 0 to change, 0 to destroy",
      user_id: admin.user_id,
      space_id: project.workspace_id,
      data: { run_id: lease.run_id, status: "planned", kind: "plan" },
      read_at: null,
    });
  });

  it("not an author whom the policy wants somebody else beside, nor an admin where it wants the owner", async () => {
    const separate = await planned(admin, { separate_author: true });
    expect(await told(separate.lease.run_id)).toEqual({ "run.approval_needed": ["owner"] });
    const held = await running(editor, { destroy_role: "owner" });
    taken(await held.planned({ summary: { destroy: 1 } }));
    expect(await told(held.lease.run_id)).toEqual({ "run.approval_needed": ["owner"] });
  });

  it("nobody of a plan that the policy applies by itself; of its apply the author, once it is finished", async () => {
    const { lease } = await planned(editor, { auto_apply: "no_destroy" });
    expect(await told(lease.run_id)).toEqual({});
    const apply = await runner.claimed(20);
    const state = apply.stateAt(1);
    taken(await apply.artifact("state", state));
    taken(await apply.applied(state));
    expect(await told(apply.lease.run_id)).toEqual({ "run.completed": ["editor"] });
  });

  it("that a plan failed: its author; that an apply failed or needs recovery: also who approved it, or who may recover", async () => {
    const failed = await running(editor);
    taken(await failed.fail());
    expect(await told(failed.lease.run_id)).toEqual({ "run.failed": ["editor"] });
    expect((await list(editor))[0]).toMatchObject({ body: "a test says so", data: { error_code: "TEST" } });

    const { lease } = await planned(editor);
    await world.ok("POST", `/api/runs/${lease.run_id}/approve`, {}, admin.call);
    const apply = await runner.claimed(20);
    taken(await apply.fail());
    expect(await told(apply.lease.run_id)).toEqual({ "run.failed": ["admin", "editor"] });

    const second = await planned(editor);
    await world.ok("POST", `/api/runs/${second.lease.run_id}/approve`, {}, owner.call);
    const lost = await runner.claimed(20);
    const error = { code: "STATE_UNSAVED", message: "the state could not be saved", details: null };
    taken(await lost.complete({ result: "state_unsaved", tool: null, error, diagnostics: [] }));
    expect(await told(lost.lease.run_id)).toEqual({ "run.needs_recovery": ["admin", "editor", "owner"] });
  });

  it("that a plan is blocked: its author and who may do something about it", async () => {
    const held = await running(editor);
    const requirements = [{ provider: "registry.opentofu.org/hashicorp/aws", alias: null, builtin: false }];
    const answer = await held.ask("resolve", { requirements, lock_digest: `sha256:${"0".repeat(64)}` });
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200, body: { blocked: true } });
    expect(await told(held.lease.run_id)).toEqual({ "run.blocked": ["admin", "editor", "owner"] });
  });

  it("nobody who has left the Workspace", async () => {
    const gone = await person("editor");
    const held = await running(gone);
    await world.db.prisma.members.delete({
      where: { workspace_id_user_id: { workspace_id: project.workspace_id, user_id: gone.user_id } },
    });
    taken(await held.fail());
    expect(await told(held.lease.run_id)).toEqual({});
  });

  it("nobody of a move that did not happen, and nobody twice", async () => {
    const held = await running(editor);
    expect((await held.ask("complete", { epoch: held.lease.epoch + 7, last_sequence: 0, outcome: failure })).status).toBe(409);
    expect(await told(held.lease.run_id)).toEqual({});
    const both = await Promise.all([held.fail(), held.fail()]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect(await told(held.lease.run_id)).toEqual({ "run.failed": ["editor"] });
    const again = { workspace_id: null, run_id: null, type: "run.failed", subject: held.lease.run_id, title: "t", body: null, data: {} };
    await world.db.transaction((tx) => tell(tx, [{ id: newId("ntf_"), user_id: editor.user_id, ...again }]));
    expect(await told(held.lease.run_id)).toEqual({ "run.failed": ["editor"] });
  });
});
const failure = {
  result: "failed",
  tool: null,
  error: { code: "TEST", message: "a test says so", details: null },
  diagnostics: [],
  state: null,
  summary: null,
  duration_ms: 1,
};

/** Somebody with so many notifications, of an own making. */
async function informed(count: number): Promise<Person> {
  const actor = await createActor(world.db);
  for (let i = 1; i <= count; i++) await inform(actor, i);
  return { ...actor, call: caller(world.api.url, actor.token) };
}
const inform = ({ user_id }: Pick<Actor, "user_id">, i: number, type = i % 2 ? "run.failed" : "run.completed") =>
  world.db.transaction((tx) =>
    tell(tx, [
      { id: newId("ntf_"), user_id, workspace_id: null, run_id: null, type, subject: `${i}`, title: `n${i}`, body: null, data: { i } },
    ]),
  );
const titles = (rows: readonly Listed[]) => rows.map(({ title }) => title);
const unread = async (who: Person): Promise<number> =>
  (await world.ok("GET", "/api/notifications/unread-count", undefined, who.call)).unread_count;

describe("the list", () => {
  it("is paged, the newest first, and filtered", async () => {
    const who = await informed(7);
    const first = await world.ok("GET", "/api/notifications?limit=3", undefined, who.call);
    expect(titles(first.notifications)).toEqual(["n7", "n6", "n5"]);
    const second = await world.ok("GET", `/api/notifications?limit=3&cursor=${first.next_cursor}`, undefined, who.call);
    expect(titles(second.notifications)).toEqual(["n4", "n3", "n2"]);
    const third = await world.ok("GET", `/api/notifications?limit=3&cursor=${second.next_cursor}`, undefined, who.call);
    expect(third).toMatchObject({ notifications: [{ title: "n1" }], next_cursor: null });
    const before = encodeURIComponent(second.notifications[0].created_at);
    expect(titles(await list(who, `?type=run.completed&before=${before}`))).toEqual(["n2"]);
    expect(titles(await list(who, "?before=2000-03-07T13:42:22.01519%2B16:21"))).toEqual([]);
    await world.ok("PATCH", `/api/notifications/${third.notifications[0].id}/read`, undefined, who.call);
    expect(titles(await list(who, "?unread=true&type=run.failed"))).toEqual(["n7", "n5", "n3"]);
    expect((await list(who))[6]?.read_at).toMatch(/Z$/);
  });

  it("counts what is not read; what is read is so for its own reader alone", async () => {
    const who = await informed(3);
    const other = await informed(1);
    expect(await unread(who)).toBe(3);
    const [newest] = await list(who);
    for (const id of [newest?.id, newest?.id, "ntf_01jd4r6m3xk8q2v7n5t9c0hbwe"])
      expect(await world.ok("PATCH", `/api/notifications/${id}/read`, undefined, who.call)).toEqual({ success: true });
    expect(await unread(who)).toBe(2);
    const [theirs] = await list(other);
    await world.ok("PATCH", `/api/notifications/${theirs?.id}/read`, undefined, who.call);
    expect(await unread(other)).toBe(1);
    expect(await world.ok("POST", "/api/notifications/read-all", undefined, who.call)).toEqual({ success: true });
    expect([await unread(who), await unread(other)]).toEqual([0, 1]);
  });

  it("leaves out types that are switched off, until they are on again", async () => {
    const who = await informed(4);
    const set = (enabled: boolean) =>
      world.ok("PATCH", "/api/notifications/preferences", { updates: [{ type: "run.failed", channel: "in_app", enabled }] }, who.call);
    expect((await set(false)).preferences["run.failed"]).toEqual({ in_app: false, email: true, push: false });
    expect(titles(await list(who))).toEqual(["n4", "n2"]);
    expect(await unread(who)).toBe(2);
    await set(true);
    expect(await unread(who)).toBe(4);
  });
});

it("preferences say every type and channel, and refuse what is neither", async () => {
  const who = await informed(0);
  const { types, channels, preferences } = await world.ok("GET", "/api/notifications/preferences", undefined, who.call);
  expect(Object.keys(preferences)).toEqual(types);
  for (const type of types) expect(Object.keys(preferences[type])).toEqual(channels);
  expect(preferences["run.completed"]).toEqual({ in_app: true, email: false, push: false });
  const refused = (updates: unknown) => who.call("PATCH", "/api/notifications/preferences", { body: { updates } });
  expect(fieldPaths(await refused([{ type: "run.exploded", channel: "email", enabled: true }]))).toEqual(["updates.0.type"]);
  expect(fieldPaths(await refused([{ type: "run.failed", channel: "pigeon", enabled: true }]))).toEqual(["updates.0.channel"]);
  expect(fieldPaths(await refused([{ type: "run.failed", channel: "email", enabled: "yes" }]))).toEqual(["updates.0.enabled"]);
  expect((await refused([])).status).toBe(400);
  const last = { type: "run.failed", channel: "email" };
  const both = {
    updates: [
      { ...last, enabled: true },
      { ...last, enabled: false },
    ],
  };
  expect((await world.ok("PATCH", "/api/notifications/preferences", both, who.call)).preferences["run.failed"].email).toBe(false);
});

it.each([
  ["GET", "/api/notifications?before=yesterday", undefined, "before"],
  ["GET", "/api/notifications?limit=51", undefined, "limit"],
  ["GET", "/api/notifications?type=run.exploded", undefined, "type"],
  ["GET", "/api/notifications?cursor=x", undefined, "cursor"],
  ["PATCH", "/api/notifications/settings", {}, "muted_until"],
  ["PATCH", "/api/notifications/settings", { muted_until: "soon" }, "muted_until"],
  ["PATCH", "/api/notifications/settings", { muted_until: "0000-06-15T00:00:00Z" }, "muted_until"],
  ["PATCH", "/api/notifications/settings", { muted_until: "9999-12-31T23:00:00-02:00" }, "muted_until"],
  ["GET", "/api/notifications/sse?last_event_id=9999", undefined, "last_event_id"],
  ["GET", "/api/notifications/sse?last_event_id=x", undefined, "last_event_id"],
])("%s %s %j: 400 naming what is wrong", async (method, path, body, field) => {
  const answer = await world.call(method, path, body ? { body } : {});
  expect({ status: answer.status, fields: fieldPaths(answer) }).toEqual({ status: 400, fields: [field] });
});

describe("streams", () => {
  const stream = ({ token }: Person, after?: string, api = world.api) => eventStream(`${api.url}/api/notifications/sse`, token, after);
  async function take(from: AsyncIterable<Frame>, count: number): Promise<Frame[]> {
    const frames: Frame[] = [];
    for await (const frame of from) if (frames.push(frame) >= count) break;
    return frames;
  }

  it("tell what is new, on whichever replica; and after an id exactly what followed it", async () => {
    const who = await informed(3);
    const [here, there] = await Promise.all([stream(who), stream(who, undefined, replica)]);
    const both = Promise.all([take(here, 2), take(there, 2)]);
    await inform(who, 4);
    await inform(who, 5);
    const rows = await list(who);
    for (const frames of await both)
      expect(frames).toEqual(
        [rows[1], rows[0]].map((row, i) => ({ id: String(4 + i), event: "notification.new", data: { notification_id: row?.id } })),
      );
    expect((await take(await stream(who, "1"), 4)).map(({ id }) => id)).toEqual(["2", "3", "4", "5"]);
  });

  it("come without a gap and in order while many transactions tell the same person", async () => {
    const who = await informed(0);
    const frames = stream(who, "0").then((from) => take(from, 40));
    await Promise.all(Array.from({ length: 40 }, (_, i) => inform(who, i)));
    expect((await frames).map(({ id }) => Number(id))).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  it("are silent about what comes while one wants peace, and about types that are switched off", async () => {
    const who = await informed(1);
    const mute = (muted_until: string | null) => world.ok("PATCH", "/api/notifications/settings", { muted_until }, who.call);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    expect(await mute(until)).toEqual({ muted_until: until });
    await inform(who, 2);
    expect(await mute("0351-06-15T04:54:55.5-20:01")).toEqual({ muted_until: "0351-06-16T00:55:55.500Z" });
    expect(await mute(null)).toEqual({ muted_until: null });
    await world.ok(
      "PATCH",
      "/api/notifications/preferences",
      {
        updates: [{ type: "run.failed", channel: "in_app", enabled: false }],
      },
      who.call,
    );
    await inform(who, 3);
    await inform(who, 4);
    expect((await take(await stream(who, "1"), 1)).map(({ id }) => id)).toEqual(["4"]);
    expect(titles(await list(who))).toEqual(["n4", "n2"]);
  });

  it("may be a WebSocket, which answers ping and has nothing else to subscribe to", async () => {
    const who = await informed(2);
    const url = `${world.api.url.replace("http", "ws")}/api/notifications/ws?last_event_id=1`;
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${who.token}` } } as never);
    const heard: string[] = [];
    const until = (count: number) => expect.poll(() => heard.length, { timeout: 5_000 }).toBe(count);
    socket.addEventListener("message", ({ data }) => heard.push(String(data)));
    await until(2);
    const [row] = await list(who);
    expect(JSON.parse(heard[0] ?? "")).toMatchObject({ type: "connected", data: { lastEventId: 1 } });
    expect(JSON.parse(heard[1] ?? "")).toEqual({
      type: "notification.new",
      data: { notification_id: row?.id },
      eventId: 2,
      event_id: "2",
    });
    socket.send("ping");
    await until(3);
    expect(heard[2]).toBe("pong");
    socket.send(JSON.stringify({ type: "subscribe" }));
    await until(4);
    expect(JSON.parse(heard[3] ?? "")).toMatchObject({ type: "error" });
    socket.close();
    expect((await who.call("GET", "/api/notifications/ws")).status).toBe(426);
  });
});

it("a token that is bound to a Workspace, or that has no scope for the account, hears nothing", async () => {
  const asked = async (options: TokenOptions) =>
    (await caller(world.api.url, await createToken(world.db, owner.user_id, options))("GET", "/api/notifications")).body.error.details
      .reason;
  expect(await asked({ workspace_id: project.workspace_id })).toBe("workspace_token");
  expect(await asked({ scopes: ["run:read"] })).toBe("scope");
});
