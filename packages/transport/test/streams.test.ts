import { once } from "node:events";
import { get as httpGet, type IncomingMessage } from "node:http";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Ready } from "../src/execute.ts";
import { Streams } from "../src/streams.ts";
import { type Running, running } from "./running.ts";

let on: Running;
beforeAll(async () => {
  on = await running({ streams: { each: 2, heartbeat: 20, stalled: 200 } });
});
afterAll(() => on.close());
afterEach(async () => {
  await until(() => on.served.streams.size === 0);
});
const until = async (true_: () => boolean) => {
  while (!true_()) await new Promise((resolve) => setTimeout(resolve, 2));
};
const auth = { authorization: "Bearer viewer" };
const open = (path: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(`${on.url}${path}`, { headers: { ...auth, ...headers }, ...(signal && { signal }) });
const frames = (text: string) => text.split("\n\n").filter((frame) => frame !== "" && !frame.startsWith(":"));

test("events in batches, to the end, stripped of what the contract does not name", async () => {
  const response = await open("/things/cap_1/sse");
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(response.headers.get("x-request-id")).toMatch(/^req_/);
  const expected = [1, 2, 3, 4, 5].map((n) => `id: ${n}\ndata: {"n":${n},"text":"x"}`);
  expect(frames(await response.text())).toEqual([...expected, "event: end\ndata: {}"]);
});
test("resumed after Last-Event-ID: no gap, no duplicate", async () => {
  const seen = frames(await (await open("/api/things/cap_1/sse", { "last-event-id": "3" })).text());
  expect(seen.map((frame) => frame.split("\n")[0])).toEqual(["id: 4", "id: 5", "event: end"]);
});
test("a stream that breaks says so in the envelope, and nothing else", async () => {
  const seen = frames(await (await open("/api/things/cap_1/sse?until=13")).text());
  expect(seen).toHaveLength(3);
  expect(seen[2]).toMatch(/^event: error\ndata: \{"error":\{"code":"INTERNAL_ERROR"/);
  expect(seen[2]).not.toContain("broke in the middle");
});
test("refusals are ordinary answers", async () => {
  expect((await on.call("GET", "/api/things/cap_1/sse", { as: "stranger" })).status).toBe(404);
  expect((await on.call("GET", "/api/things/cap_1/sse?until=no", { as: "viewer" })).status).toBe(400);
  expect((await on.call("HEAD", "/api/things/cap_1/sse", { as: "viewer" })).status).toBe(404);
});
test("a client that leaves ends its handler; a quiet stream shows signs of life", async () => {
  const leaving = new AbortController();
  const before = on.probes.ended.length;
  const response = await open("/api/things/cap_1/sse?until=42", {}, leaving.signal);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes(": ping\n\n")) text += (await reader.read()).value ?? "";
  expect(on.served.streams.size).toBe(1);
  leaving.abort();
  await until(() => on.probes.ended.length > before);
});
test("one principal holds no more streams than its share", async () => {
  const leaving = new AbortController();
  await Promise.all([
    open("/api/things/cap_1/sse?until=42", {}, leaving.signal),
    open("/api/things/cap_1/sse?until=42", {}, leaving.signal),
  ]);
  const third = await on.call("GET", "/api/things/cap_1/sse", { as: "viewer" });
  expect([third.status, third.body.error.details.reason]).toEqual([429, "streams"]);
  expect((await on.call("GET", "/api/things/cap_1/sse", { as: "owner" })).status).toBe(200);
  leaving.abort();
});
test("streams of a member who was removed are ended", async () => {
  const response = await open("/api/things/cap_1/sse?until=42");
  let removed = true;
  expect(
    on.served.streams.end(({ principal_id, workspace_id }) => removed && principal_id === "viewer" && workspace_id === "ws_acme"),
  ).toBe(1);
  removed = false;
  const seen = frames(await response.text());
  expect(seen.at(-1)).toMatch(/^id: 42/);
});
test("a stream that was being opened as its reader's access ended is ended, too", async () => {
  const streams = new Streams(10);
  const of = (id: string) => ({ context: { operation: "o", principal: { id }, address: "a", workspace_id: "ws" } }) as unknown as Ready;
  expect(streams.end(({ principal_id }) => principal_id === "removed")).toBe(0);
  const [late, other] = [streams.open(of("removed")), streams.open(of("stays"))];
  await once(late.signal, "abort");
  expect(other.signal.aborted).toBe(false);
  streams.close();
});
test("a stalled reader is asked for no more than the socket takes, and let go in the end", async () => {
  on.probes.pulled = 0;
  const request = httpGet(`${on.url}/api/things/cap_1/sse?until=200000`, { headers: auth });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.on("error", () => {});
  // Nothing is read: the server fills the kernel's buffers, stops pulling, and gives the connection up.
  await until(() => on.served.streams.size === 0);
  // 100,000 batches of 200 kB were to be had.
  expect(on.probes.pulled).toBeLessThan(200);
  expect(on.probes.pulled).toBeGreaterThan(0);
  request.destroy();
});

const connected = async (path: string, headers: Record<string, string> = auth) => {
  const socket = new WebSocket(`${on.url.replace("http", "ws")}${path}`, { headers } as never);
  const said: string[] = [];
  socket.addEventListener("message", ({ data }) => void said.push(String(data)));
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  await new Promise<void>((resolve) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => resolve());
  });
  return { socket, said, closed };
};
const add = (by: number) => JSON.stringify({ type: "add", by });

test("a socket: messages in and out, parsed both ways, closed by the handler", async () => {
  const { socket, said, closed } = await connected("/things/cap_1/ws");
  for (const by of [1, 2, 4]) socket.send(add(by));
  socket.send("ping");
  expect(await closed).toBe(1000);
  const sums = said.filter((text) => text !== "pong").map((text) => JSON.parse(text));
  expect(sums).toEqual([
    { n: 0, text: "hello" },
    { n: 1, text: "sum" },
    { n: 3, text: "sum" },
    { n: 7, text: "sum" },
  ]);
  expect(said).toContain("pong");
});
test("a batch is one frame a message", async () => {
  const { socket, said } = await connected("/api/things/cap_1/ws");
  socket.send(add(100));
  await until(() => said.length === 101);
  expect(JSON.parse(said[100] ?? "")).toEqual({ n: 99, text: "many" });
  socket.close();
});
test.each([
  ["no message of the contract", '{"type":"add","by":1,"more":2}', "more"],
  ["no JSON", "{", undefined],
])("%s: refused in the envelope, and the socket is closed", async (_, message, path) => {
  const { socket, said, closed } = await connected("/api/things/cap_1/ws");
  socket.send(message);
  expect(await closed).toBe(1008);
  const { error } = JSON.parse(said.at(-1) ?? "");
  expect([error.code, error.details.fields?.[0].path]).toEqual(["BAD_REQUEST", path]);
});
test("a handshake is let in as any other request is", async () => {
  const before = on.probes.ended.length;
  for (const headers of [{}, { authorization: "Bearer stranger" }] as Record<string, string>[]) {
    const { closed } = await connected("/api/things/cap_1/ws", headers);
    expect(await closed).toBe(1006);
  }
  expect(on.probes.ended.length).toBe(before);
  const plain = await on.call("GET", "/api/things/cap_1/ws", { as: "viewer" });
  expect([plain.status, plain.headers.get("upgrade")]).toEqual([426, "websocket"]);
});
test("a call ends with its client", async () => {
  const leaving = new AbortController();
  const waiting = fetch(`${on.url}/api/wait`, { method: "POST", signal: leaving.signal }).catch(() => "left");
  await until(() => on.probes.begun.includes("wait"));
  leaving.abort();
  expect(await waiting).toBe("left");
  await until(() => on.probes.ended.includes("wait"));
});
test("closing ends streams, sockets and waiting calls, and then the server", async () => {
  const own = await running();
  const events = await fetch(`${own.url}/api/things/cap_1/sse?until=42`, { headers: auth });
  const socket = new WebSocket(`${own.url.replace("http", "ws")}/api/things/cap_1/ws`, { headers: auth } as never);
  await once(socket, "open");
  const closed = once(socket, "close");
  const waiting = own.call("POST", "/api/wait");
  await until(() => own.served.streams.size === 2 && own.probes.begun.includes("wait"));
  const ended = own.close();
  expect(frames(await events.text()).at(-1)).toMatch(/^id: 42/);
  expect((await waiting).body).toEqual({ ok: false });
  await closed;
  await ended;
  expect(own.probes.ended.sort()).toEqual(["events", "follow", "wait"]);
});
