import { createMember, createToken } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { type EventStream, eventStream, type Frame } from "@takosumi/testkit/event-stream";
import { type HeldRun, protocolRunner } from "@takosumi/testkit/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DeployWorld } from "./deploy.ts";

let world: DeployWorld;
let replica: TestApi;
let runner: Awaited<ReturnType<typeof protocolRunner>>;
let project: string;
let capsules = 0;
beforeAll(async () => {
  world = await DeployWorld.start({ TAKOSUMI_STREAM_STALL_SECONDS: "1" });
  replica = await startApi({ replicaOf: world.api });
  runner = await protocolRunner(world.api);
  project = (await world.project()).id;
});
afterAll(async () => {
  await replica?.close();
  await world?.close();
});

const at = new Date(0).toISOString();
const log = (text: string) => ({ type: "log", at, text });
const lines = (from: number, count: number) => Array.from({ length: count }, (_, i) => log(`line ${from + i} 日本\n`));

/** A Run that this test's runner holds. */
async function running(): Promise<HeldRun> {
  const capsule = await world.capsule({ project_id: project, name: `c${capsules++}` });
  await world.plan(capsule.id);
  return runner.claim();
}
const sse = (run: string, { api = world.api, after, token = api.token }: { api?: TestApi; after?: string; token?: string } = {}) =>
  eventStream(`${api.url}/api/runs/${run}/sse`, token, after);
async function take(stream: EventStream, count = Number.POSITIVE_INFINITY): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of stream) {
    frames.push(frame);
    if (frames.length >= count) break;
  }
  return frames;
}
const ids = (frames: readonly Frame[]) => frames.filter(({ event }) => event !== "end").map(({ id }) => Number(id));
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const newest = async (id: string): Promise<number> =>
  Number((await world.db.prisma.runs.findUniqueOrThrow({ where: { id } })).event_sequence);

test("pages, from the start or after an event, with payloads as JSON text", async () => {
  const held = await running();
  await held.events([log("hello\n"), { type: "phase", at, name: "planning", state: "started" }]);
  const { events, run_status } = await world.ok("GET", `/api/runs/${held.run_id}/events`);
  expect(run_status).toBe("running");
  expect(events.map(({ id }: { id: number }) => id)).toEqual(upTo(events.length));
  const said = events.find(({ type }: { type: string }) => type === "log");
  expect(said).toMatchObject({ run_id: held.run_id, event_id: `${held.run_id}-${said.id}`, created_at: at });
  expect(JSON.parse(said.data)).toEqual({ type: "log", at, text: "hello\n" });
  for (const resumed of [`events?last_event_id=${said.id}`, `replay?after=${said.id}`, `replay?last_event_id=${said.id}`])
    expect((await world.ok("GET", `/runs/${held.run_id}/${resumed}`)).events[0].id).toBe(said.id + 1);
  expect((await world.ok("GET", `/api/runs/${held.run_id}/events?limit=1`)).events).toHaveLength(1);
  await held.fail();
});

test.each([
  ["/events?last_event_id=100000", "last_event_id"],
  ["/replay?after=-1", "after"],
  ["/events?last_event_id=x", "last_event_id"],
  ["/events?limit=1001", "limit"],
  ["/sse?last_event_id=100000", "last_event_id"],
])("%s: no event of this Run is 400", async (path, field) => {
  const { id } = await world.plan((await world.capsule({ project_id: project, name: `c${capsules++}` })).id);
  const answer = await world.call("GET", `/api/runs/${id}${path}`);
  expect(answer).toMatchObject({ status: 400, body: { error: { code: "BAD_REQUEST", details: { fields: [{ path: field }] } } } });
  await (await runner.claim()).fail();
});

test("a stream tells everything in order, ends with the Run, and is not to be opened again after its end", async () => {
  const held = await running();
  const stream = await sse(held.run_id);
  expect(stream).toMatchObject({ status: 200, type: "text/event-stream; charset=utf-8" });
  const all = take(stream);
  for (let i = 0; i < 20; i++) await held.events(lines(i * 10, 10));
  await held.fail("BROKEN");
  const frames = await all;
  const last = frames.at(-2) as Frame;
  expect(frames.at(-1)).toMatchObject({ event: "end" });
  expect(last).toMatchObject({ event: "status", data: { status: "failed", error: { code: "BROKEN" } } });
  expect(ids(frames)).toEqual(upTo(Number(last.id)));
  expect(frames.filter(({ event }) => event === "log").map(({ data }) => data.text)).toEqual(lines(0, 200).map(({ text }) => text));
  expect((await sse(held.run_id, { after: last.id })).status).toBe(204);
  expect(ids(await take(await sse(held.run_id, { after: "5" })))).toEqual(upTo(Number(last.id), 6));
  expect((await sse(held.run_id, { after: "x" })).status).toBe(400);
  expect((await sse(held.run_id, { after: String(Number(last.id) + 1) })).status).toBe(400);
});

test("a reader that drops every 50 events, over two replicas of which one is killed, gets exactly the sequence", async () => {
  const held = await running();
  let third = await startApi({ replicaOf: world.api });
  const writing = (async () => {
    for (let i = 0; i < 150; i++) await held.events(lines(i * 10, 10));
    await held.fail();
  })();
  const seen: number[] = [];
  for (let round = 0; ; round++) {
    if (round === 8) {
      third.process.kill("SIGKILL");
      await third.process.exited;
      third = await startApi({ replicaOf: world.api });
    }
    const stream = await sse(held.run_id, {
      api: [world.api, third][round % 2] as TestApi,
      ...(seen.length > 0 && { after: String(seen.at(-1)) }),
    });
    if (stream.status === 204) break;
    seen.push(...ids(await take(stream, 50)));
    stream.close();
  }
  await writing;
  expect(seen).toEqual(upTo(await newest(held.run_id)));
  expect(seen.length).toBeGreaterThan(1_500);
  await third.close();
});

test("late readers get history and then what happens, without a seam", async () => {
  const held = await running();
  await held.events(lines(0, 400));
  const readers: Promise<Frame[]>[] = [];
  for (let i = 0; i < 60; i++) {
    if (i % 5 === 0) readers.push(sse(held.run_id, { api: i % 10 === 0 ? replica : world.api }).then((stream) => take(stream)));
    await held.events(lines(400 + i * 5, 5));
  }
  await held.fail();
  const all = await Promise.all(readers);
  const whole = ids(all[0] ?? []);
  expect(whole).toEqual(upTo(whole.length));
  expect(whole.length).toBeGreaterThan(700);
  for (const frames of all) expect(ids(frames)).toEqual(whole);
});

test("a socket greets, follows one Run, answers, and closes at the end", async () => {
  const held = await running();
  await held.events([log("before\n")]);
  const headers = { authorization: `Bearer ${world.api.token}` };
  expect((await world.call("GET", `/api/runs/${held.run_id}/ws`)).status).toBe(426);
  // biome-ignore lint/suspicious/noExplicitAny: what a server sent
  const heard: any[] = [];
  const socket = new WebSocket(`${world.api.url.replace("http", "ws")}/api/runs/${held.run_id}/ws`, { headers } as never);
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
  const until = (match: (message: unknown) => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => heard.some(match) && resolve();
      socket.addEventListener("message", look);
      look();
    });
  socket.addEventListener("message", ({ data }) => heard.push(data === "pong" ? data : JSON.parse(data)));
  const is = (type: string) => (message: unknown) => (message as { type?: string }).type === type;
  await until(is("log"));
  socket.send("ping");
  await until((message) => message === "pong");
  socket.send(JSON.stringify({ type: "subscribe", runId: held.run_id }));
  await until(is("subscribed"));
  socket.send(JSON.stringify({ type: "subscribe", runId: "run_other" }));
  await until(is("error"));
  await held.events([log("after\n")]);
  await held.fail();
  expect((await closed).code).toBe(1000);
  expect(heard[0]).toMatchObject({ type: "connected", data: { lastEventId: 0, connectionId: expect.any(String) } });
  expect(heard.find(is("error"))).toMatchObject({ data: { message: expect.stringContaining(held.run_id) } });
  const events = heard.filter(({ eventId }) => eventId !== undefined);
  expect(events.map(({ eventId }) => eventId)).toEqual(upTo(events.length));
  expect(events.at(-1)).toMatchObject({ type: "status", event_id: `${held.run_id}-${events.length}`, data: { status: "failed" } });
  expect(heard.at(-1)).toEqual({ type: "end" });
});

test("tRPC follows the same log", async () => {
  const held = await running();
  const input = encodeURIComponent(JSON.stringify({ json: { id: held.run_id } }));
  const all = take(await eventStream(`${world.api.url}/trpc/runEvents.sse?input=${input}`, world.api.token));
  await held.events(lines(0, 5));
  await held.fail();
  const told = (await all).filter(({ id }) => id !== "");
  expect(told.map(({ id }) => Number(id))).toEqual(upTo(told.length));
  expect(told.filter(({ data }) => data.json.type === "log")).toHaveLength(5);
  expect(told.at(-1)).toMatchObject({ data: { json: { type: "status", status: "failed" } } });
});

test("who is removed, or whose token is revoked, hears nothing more", async () => {
  const held = await running();
  const { db } = world;
  const { workspace_id } = await db.prisma.runs.findUniqueOrThrow({ where: { id: held.run_id } });
  const member = await createMember(db, workspace_id, "viewer");
  const other = await createMember(db, workspace_id, "viewer");
  const second = await createToken(db, other.user_id);
  const followers = await Promise.all([member.token, other.token, second].map((token) => sse(held.run_id, { api: replica, token })));
  const [removed, revoked, stays] = followers.map((stream) => take(stream));
  await db.prisma.members.delete({ where: { workspace_id_user_id: { workspace_id, user_id: member.user_id } } });
  expect((await removed)?.some(({ event }) => event === "end")).toBe(false);
  const first = await db.prisma.personal_access_tokens.findFirstOrThrow({ where: { user_id: other.user_id }, orderBy: { id: "asc" } });
  await db.prisma.personal_access_tokens.update({ where: { id: first.id }, data: { revoked_at: new Date() } });
  expect((await revoked)?.some(({ event }) => event === "end")).toBe(false);
  await held.fail();
  expect((await stays)?.at(-1)).toMatchObject({ event: "end" });
  expect((await sse(held.run_id, { token: member.token })).status).toBe(404);
});

test("who is removed hears nothing more from any reader, and finds nothing there", async () => {
  const held = await running();
  const { workspace_id } = await world.db.prisma.runs.findUniqueOrThrow({ where: { id: held.run_id } });
  const { user_id, token } = await createMember(world.db, workspace_id, "viewer");
  const headers = { authorization: `Bearer ${token}` };
  const input = encodeURIComponent(JSON.stringify({ json: { id: held.run_id } }));
  const streams = await Promise.all(
    [`/api/runs/${held.run_id}/sse`, `/api/runs/sse?workspace_id=${workspace_id}`, `/trpc/runEvents.sse?input=${input}`].map((path) =>
      eventStream(`${replica.url}${path}`, token),
    ),
  );
  const told = streams.map((stream) => take(stream));
  const socket = new WebSocket(`${replica.url.replace("http", "ws")}/api/runs/${held.run_id}/ws`, { headers } as never);
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
  await new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }));
  await world.db.prisma.members.delete({ where: { workspace_id_user_id: { workspace_id, user_id } } });
  expect((await closed).code).toBe(1001);
  for (const frames of await Promise.all(told)) expect(frames.some(({ event }) => event === "end")).toBe(false);
  for (const path of ["events", "replay", "sse", "ws", "logs", "artifacts"])
    expect((await fetch(`${replica.url}/api/runs/${held.run_id}/${path}`, { headers })).status).toBe(404);
  await held.fail();
});

test("a reader that takes nothing is cut, and keeps nobody waiting", async () => {
  const held = await running();
  const stalled = await fetch(`${world.api.url}/api/runs/${held.run_id}/sse`, { headers: { authorization: `Bearer ${world.api.token}` } });
  const body = (stalled.body as ReadableStream<Uint8Array>).getReader();
  await body.read();
  const reading = sse(held.run_id).then((stream) => take(stream));
  const big = "x".repeat(30_000);
  for (let i = 0; i < 40; i++) await held.events(Array.from({ length: 20 }, () => log(`${big}\n`)));
  await held.fail();
  const frames = await reading;
  expect(ids(frames)).toEqual(upTo(frames.length - 1));
  await world.api.process.line("a stream was cut: its reader took nothing");
  let received = 0;
  const rest = async () => {
    for (let part = await body.read(); !part.done; part = await body.read()) received += part.value.length;
  };
  await rest().catch(() => undefined);
  expect(received).toBeLessThan(40 * 20 * 30_000);
});

test("a Workspace's list hears of each change of its Runs, and of no other Workspace's", async () => {
  const stranger = await world.stranger();
  const theirs = await world.ok("POST", "/api/projects", { name: "theirs" }, stranger);
  const foreign = await world.ok(
    "POST",
    "/api/capsules",
    { project_id: theirs.project.id, name: "t", source: { kind: "inline", files: { "main.tf": "" } } },
    stranger,
  );
  const stream = await eventStream(`${replica.url}/api/runs/sse`, world.api.token);
  const heard = (async () => {
    const runs: { id: string; status: string }[] = [];
    for await (const { data } of stream) {
      if (data.run) runs.push(data.run);
      if (data.run?.status === "failed") break;
    }
    return runs;
  })();
  await world.ok("POST", "/api/runs", { kind: "plan", capsule_id: foreign.capsule.id }, stranger);
  await (await runner.claim()).fail();
  const held = await running();
  await held.fail();
  const runs = await heard;
  stream.close();
  expect(new Set(runs.map(({ id }) => id))).toEqual(new Set([held.run_id]));
});
