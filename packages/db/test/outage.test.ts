import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Db, openDb } from "../src/db.ts";
import { type EmbeddedPostgres, startEmbedded } from "../src/embedded.ts";
import { DatabaseUnavailable } from "../src/errors.ts";
import { migrate } from "../src/migrate.ts";
import { statement } from "../src/sql.ts";

let dataDir: string;
let server: EmbeddedPostgres;
let watcher: Db;
const start = () => startEmbedded({ dataDir, durable: false });
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "takosumi-outage-"));
  server = await start();
  await migrate(server.url);
  watcher = await openDb({ url: server.url, applicationName: "watcher" });
});
afterAll(async () => {
  await watcher.close();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const one = statement("test_one", "SELECT 1 AS one");
const put = statement(
  "test_put",
  "INSERT INTO instance_settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
);
const get = statement("test_get", "SELECT value FROM instance_settings WHERE name = $1");
/** Takes as many seconds as the row says. */
const slowRead = statement(
  "test_slow_read",
  "SELECT name FROM instance_settings WHERE name = $1 AND pg_sleep((value ->> 0)::float) IS NOT NULL",
);
const slowWrite = statement("test_slow_write", "INSERT INTO instance_settings (name, value) SELECT $1, to_jsonb(pg_sleep(60)::text)");
const busy = statement(
  "test_busy",
  "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND state = 'active' AND wait_event = 'PgSleep'",
);
const cut = statement("test_cut", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1");

const sleeping = (name: string) =>
  vi.waitFor(async () => expect(await watcher.query(busy, [name])).toHaveLength(1), { timeout: 10_000, interval: 10 });

test("calls wait for a database that is away, and go on when it is back", async () => {
  const db = await openDb({ url: server.url });
  await server.stop();
  const waiting = [db.one(one), db.transaction((tx) => tx.one(one)), db.prisma.users.count()];
  await expect(db.ping()).rejects.toBeInstanceOf(DatabaseUnavailable);
  server = await start();
  expect(await Promise.all(waiting)).toEqual([{ one: 1 }, { one: 1 }, 0]);
  await db.ping();
  await db.close();
});

test("after the limit they fail with DatabaseUnavailable, and later ones work again", async () => {
  const db = await openDb({ url: server.url, waitMs: 300 });
  await server.stop();
  const failed = await Promise.allSettled([
    db.one(one),
    db.begin(),
    db.query(put, ["away", "1"]),
    db.prisma.users.count(),
    db.listen("away", () => {}),
  ]);
  for (const call of failed) expect(call).toMatchObject({ status: "rejected", reason: { name: "DatabaseUnavailable" } });
  await expect(openDb({ url: server.url, waitMs: 300 })).rejects.toBeInstanceOf(DatabaseUnavailable);
  server = await start();
  await vi.waitFor(async () => expect(await db.one(one)).toEqual({ one: 1 }));
  await db.close();
});

test("a wrong password is said at once, not waited for", async () => {
  const wrong = server.url.replace(/:[^:@]*@/, ":wrong@");
  await expect(openDb({ url: wrong, waitMs: 60_000 })).rejects.toMatchObject({ code: "28P01" });
});

test("calls beyond the pool wait for a connection, no longer than the limit, and no more of them than the limit", async () => {
  const db = await openDb({ url: server.url, poolSize: 1, waitMs: 300, waitersMax: 2 });
  const holder = await db.begin();
  const waiting = [db.one(one), db.one(one)];
  await expect(db.one(one)).rejects.toThrow("2 calls wait");
  for (const call of waiting) await expect(call).rejects.toBeInstanceOf(DatabaseUnavailable);
  await holder.commit();
  expect(await db.one(one)).toEqual({ one: 1 });
  await db.close();
});

test("a read whose connection is lost is sent again", async () => {
  const db = await openDb({ url: server.url, applicationName: "reader" });
  await db.query(put, ["slow", JSON.stringify([60])]);
  const reading = db.query(slowRead, ["slow"]);
  await sleeping("reader");
  await watcher.query(put, ["slow", JSON.stringify([0])]);
  await watcher.query(cut, ["reader"]);
  expect(await reading).toEqual([{ name: "slow" }]);
  await db.close();
});

test("a write whose connection is lost is not: it may have been executed", async () => {
  const db = await openDb({ url: server.url, applicationName: "writer" });
  const writing = db.query(slowWrite, ["once"]);
  const outcome = writing.catch((error: unknown) => error);
  await sleeping("writer");
  await watcher.query(cut, ["writer"]);
  expect(await outcome).toBeInstanceOf(DatabaseUnavailable);
  expect(await watcher.query(busy, ["writer"])).toEqual([]);
  expect(await watcher.one(get, ["once"])).toBeNull();
  expect(await db.one(one)).toEqual({ one: 1 });
  await db.close();
});

test("a transaction whose connection is lost fails, and its end is harmless", async () => {
  const db = await openDb({ url: server.url, applicationName: "transaction" });
  const tx = await db.begin();
  await tx.query(put, ["lost", "1"]);
  await watcher.query(cut, ["transaction"]);
  await expect(tx.one(one)).rejects.toBeInstanceOf(DatabaseUnavailable);
  await tx.rollback();
  expect(await db.one(get, ["lost"])).toBeNull();
  await db.close();
});

test("a commit whose connection is lost says that nobody knows", async () => {
  const db = await openDb({ url: server.url, applicationName: "committer" });
  const tx = await db.begin();
  await tx.query(put, ["unknown", "1"]);
  await watcher.query(cut, ["committer"]);
  await expect(tx.commit()).rejects.toThrow(/may have happened or not/);
  expect(await db.one(one)).toEqual({ one: 1 });
  await db.close();
});

test("a statement that takes too long, and a database that is stopped, are a database that is away", async () => {
  const db = await openDb({ url: server.url, statementTimeoutMs: 200, waitMs: 200 });
  await db.query(put, ["slow", JSON.stringify([60])]);
  await expect(db.query(slowRead, ["slow"])).rejects.toBeInstanceOf(DatabaseUnavailable);
  const backend = await db.one<{ pid: number }>(statement("test_backend", "SELECT pg_backend_pid() AS pid"));
  process.kill(backend?.pid ?? 0, "SIGSTOP");
  try {
    await expect(db.query(slowWrite, ["stopped"])).rejects.toBeInstanceOf(DatabaseUnavailable);
  } finally {
    process.kill(backend?.pid ?? 0, "SIGCONT");
  }
  await db.close();
});

test("close does not wait for a transaction that never ends", async () => {
  const db = await openDb({ url: server.url, closeGraceMs: 50 });
  const tx = await db.begin();
  await tx.query(put, ["open", "1"]);
  await db.close();
  await expect(tx.one(one)).rejects.toBeInstanceOf(DatabaseUnavailable);
  await tx.rollback();
});
