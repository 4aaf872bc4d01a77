import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { removeLogs } from "@takosumi/run-engine/remove-logs";
import { caller } from "@takosumi/testkit/call";
import { ProtocolRunner, taken } from "@takosumi/testkit/held-run";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DeployWorld } from "./deploy.ts";
import { registered } from "./samples.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());

const mark = "a-word-of-the-log";
const lines = Array.from({ length: 40_000 }, (_, i) => `${i} ${mark} \u00fc\u6f22\ud83d\ude00 ${"x".repeat(i % 40)}\n`);

let pools = 0;
/** A Run with a log of 2.6 MB, held by a runner. */
async function logged() {
  const pool = await world.pool(`logs-${++pools}`);
  const { token, runner } = await registered(world.call, pool.id);
  const run = await world.plan((await world.capsule()).id);
  await world.db.prisma.runs.update({ where: { id: run.id }, data: { pool: pool.id } });
  const as = caller(world.api.url, token);
  const ok = async (path: string, body: object) => {
    const answer = await as("POST", `/api/runner/${path}`, { body: { runner_id: runner, ...body } });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  };
  const { lease } = await ok("claim", { wait_seconds: 0, tools: [{ name: "opentofu", version: "1.12.6" }] });
  const { epoch } = lease;
  const at = new Date().toISOString();
  let first = 1;
  for (let from = 0; from < lines.length; from += 4_000) {
    const events = Array.from({ length: 10 }, (_, i) => ({
      type: "log",
      at,
      text: lines.slice(from + i * 400, from + (i + 1) * 400).join(""),
    }));
    await ok(`runs/${run.id}/events`, { epoch, first, events });
    first += events.length;
  }
  const error = { code: "PLAN_FAILED", message: "no", details: null };
  const outcome = { result: "failed", tool: null, error, diagnostics: [], state: null, summary: null, duration_ms: 1 };
  return { id: run.id as string, end: () => ok(`runs/${run.id}/complete`, { epoch, last_sequence: first - 1, outcome }) };
}

const text = lines.join("");
const page = async (id: string, offset: number, limit: number) => world.ok("GET", `/api/runs/${id}/logs?offset=${offset}&limit=${limit}`);
async function readWhole(id: string, limit: number, onPage: (next: number) => Promise<void> = async () => {}): Promise<string> {
  const parts: string[] = [];
  for (let offset = 0; ; ) {
    const { log, next_offset, complete } = await page(id, offset, limit);
    parts.push(log);
    await onPage(next_offset);
    if (complete) return parts.join("");
    if (next_offset === offset) throw new Error(`The log stands still at ${offset}`);
    offset = next_offset;
  }
}
const eventsOf = async (id: string) => {
  const all: unknown[] = [];
  for (let after = 0; ; ) {
    const { events } = await world.ok("GET", `/api/runs/${id}/events?last_event_id=${after}&limit=30`);
    if (events.length === 0) return all;
    all.push(...events);
    after = events.at(-1).id;
  }
};
const moved = async (id: string) => {
  const run = await world.db.prisma.runs.findUniqueOrThrow({ where: { id } });
  return run.log_complete && !run.log_due;
};

it("a long log moves out of the database when its Run has ended, and every reader sees the same as before", async () => {
  const { id, end } = await logged();
  const size = Buffer.byteLength(text);
  // Where a line begins, so that none is inside a character.
  const probes = [0, 1, ...[999_999, 1_048_576, size - 7].map((byte) => Buffer.from(text).indexOf(10, byte) + 1), size];
  const probed = () => Promise.all(probes.map((offset) => page(id, offset, 333)));
  const before = await probed();
  await end();
  const events = await eventsOf(id);

  // One that reads while it moves: it waits in the middle until the last piece is gone.
  const seen = await readWhole(id, 200_000, async (next) => {
    if (next > 1_000_000) while (!(await moved(id))) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  expect(seen === text).toBe(true);
  expect(await world.db.prisma.run_log_segments.count({ where: { run_id: id } })).toBeGreaterThan(1);
  const kept = await world.db.prisma.run_events.findMany({ where: { run_id: id } });
  expect(JSON.stringify(kept, (_, value) => (typeof value === "bigint" ? Number(value) : value))).not.toContain(mark);

  for (const limit of [65_537, 4 * 1024 * 1024]) expect((await readWhole(id, limit)) === text).toBe(true);
  const after = await probed();
  expect(after.map(({ log, offset, next_offset }) => ({ log, offset, next_offset }))).toEqual(
    before.map(({ log, offset, next_offset }) => ({ log, offset, next_offset })),
  );
  const raw = await fetch(`${world.api.url}/runs/${id}/logs?offset=100&limit=50`, {
    headers: { authorization: `Bearer ${world.api.token}`, accept: "text/plain" },
  });
  expect(await raw.text()).toBe((await page(id, 100, 50)).log);
  expect(JSON.stringify(await eventsOf(id)) === JSON.stringify(events)).toBe(true);

  const blobs = join(world.api.dataDir, "blobs");
  const files = (await readdir(blobs, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  expect(files.some(({ parentPath }) => parentPath.includes("/log/"))).toBe(true);
  for (const { parentPath, name } of files) expect((await readFile(join(parentPath, name))).includes(mark)).toBe(false);
});

it("an offset inside a character or beyond the end is 400, and names where to go on", async () => {
  const { id, end } = await logged();
  const bytes = Buffer.from(text);
  const size = bytes.length;
  const emoji = bytes.indexOf("\ud83d\ude00", 1_500_000);
  const asked = async () => {
    for (const [offset, next] of [
      [emoji + 1, emoji + 4],
      [emoji + 3, emoji + 4],
      [size + 1, size],
      [size * 2, size],
    ] as const) {
      const answer = await world.call("GET", `/api/runs/${id}/logs?offset=${offset}&limit=100`);
      expect(answer).toMatchObject({
        status: 400,
        body: { error: { code: "BAD_REQUEST", details: { next_offset: next, fields: [{ path: "offset" }] } } },
      });
    }
    expect((await page(id, emoji, 4)).log).toBe("\ud83d\ude00");
    // A limit inside a character ends before it.
    expect(await page(id, emoji - 3, 6)).toMatchObject({ log: "漢", next_offset: emoji });
  };
  await asked();
  await end();
  await expect.poll(() => moved(id), { timeout: 30_000 }).toBe(true);
  await asked();
});

it("colours stay, and so does a line that is longer than an event", async () => {
  const runner = await ProtocolRunner.open(world.api.url, world.api.runnerToken);
  await world.plan((await world.capsule()).id);
  const held = await runner.claimed(20);
  const at = new Date().toISOString();
  const coloured = "\u001b[1m\u001b[32mApply complete!\u001b[0m\n";
  const long = [{ text: "y".repeat(32_768), partial: true }, { text: "z\n" }];
  taken(await held.events([{ type: "log", at, text: coloured }, ...long.map((one) => ({ type: "log", at, ...one }))]));
  expect((await held.events([{ type: "log", at, text: "w".repeat(32_769) }])).status).toBe(400);
  taken(await held.fail());
  const { run_id } = held.lease;
  expect((await page(run_id, 0, 100_000)).log).toBe(coloured + long.map(({ text: one }) => one).join(""));
  const headers = { authorization: `Bearer ${world.api.token}`, accept: "text/plain" };
  expect((await (await fetch(`${world.api.url}/runs/${run_id}/logs`, { headers })).text()).startsWith(coloured)).toBe(true);
  const told = (await world.ok("GET", `/api/runs/${run_id}/events`)).events.map(({ data }: { data: string }) => JSON.parse(data));
  expect(told.filter(({ type }: { type: string }) => type === "log").map(({ partial }: { partial?: true }) => partial)).toEqual([
    undefined,
    true,
    undefined,
  ]);
});

it("a log that is older than it is kept is gone; its Run and what else was said stay", async () => {
  const long = await logged();
  await long.end();
  await expect.poll(() => moved(long.id), { timeout: 30_000 }).toBe(true);
  const runner = await ProtocolRunner.open(world.api.url, world.api.runnerToken);
  await world.plan((await world.capsule()).id);
  const held = await runner.claimed(20);
  taken(await held.events([{ type: "log", at: new Date().toISOString(), text: `${mark}\n` }]));
  taken(await held.fail());
  const short = held.lease.run_id;
  const before = await eventsOf(short);
  const ids = [long.id, short];
  await removeLogs({ db: world.db, settings: { logDays: 30 } });
  expect((await page(short, 0, 100)).log).toBe(`${mark}\n`);
  await world.db.prisma.runs.updateMany({ where: { id: { in: ids } }, data: { finished_at: new Date(Date.now() - 31 * 86_400_000) } });
  await removeLogs({ db: world.db, settings: { logDays: 0 } });
  expect((await page(short, 0, 100)).log).toBe(`${mark}\n`);
  await removeLogs({ db: world.db, settings: { logDays: 30 } });
  for (const id of ids) {
    const answer = await world.call("GET", `/api/runs/${id}/logs`);
    expect(answer).toMatchObject({ status: 410, body: { error: { code: "GONE", details: { reason: "expired" } } } });
    expect((await world.ok("GET", `/api/runs/${id}`)).run.status).toBe("failed");
    expect(await world.db.prisma.run_log_segments.count({ where: { run_id: id } })).toBe(0);
    expect(JSON.stringify(await eventsOf(id))).not.toContain(mark);
  }
  const after = await eventsOf(short);
  expect(after).toHaveLength(before.length);
});

it("a short log stays where it is", async () => {
  const run = await world.plan((await world.capsule()).id);
  await world.ok("POST", `/api/runs/${run.id}/cancel`, {});
  expect(await world.db.prisma.runs.findUniqueOrThrow({ where: { id: run.id } })).toMatchObject({ log_complete: true, log_due: false });
});
