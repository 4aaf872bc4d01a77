import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { statement } from "../src/sql.ts";
import { testDatabase } from "./database.ts";

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase({ applicationName: "listening" });
});
afterAll(() => database.drop());

const send = statement("test_notify", "SELECT pg_notify($1, $2)");
// Of this database alone: other test files have listeners as well.
const cut = statement(
  "test_cut_listener",
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'listening listener' AND datname = current_database()",
);
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

test("what is sent arrives, by channel, to everybody who listens", async () => {
  const seen: string[] = [];
  const all = await Promise.all([
    database.db.listen("runs", (payload) => seen.push(`a ${payload}`)),
    database.db.listen("runs", (payload) => seen.push(`b ${payload}`)),
    database.db.listen("queue", (payload) => seen.push(`queue ${payload}`)),
  ]);
  await database.db.query(send, ["runs", "1"]);
  await database.db.query(send, ["queue", ""]);
  await eventually(() => expect(seen).toEqual(["a 1", "b 1", "queue "]));
  for (const listening of all) await listening.close();
});

test("a notice of a transaction is sent by its commit, never by a rollback", async () => {
  const seen: string[] = [];
  const listening = await database.db.listen("commits", (payload) => seen.push(payload));
  const undone = await database.db.begin();
  await undone.notify("commits", "undone");
  await undone.rollback();
  await database.db.transaction((tx) => tx.notify("commits", "done"));
  await eventually(() => expect(seen).toEqual(["done"]));
  await listening.close();
});

test("a lost connection comes back by itself, says so, and hears again", async () => {
  const seen: string[] = [];
  let reconnected = 0;
  const listening = await database.db.listen(
    "again",
    (payload) => seen.push(payload),
    () => reconnected++,
  );
  for (const times of [1, 2]) {
    await database.db.query(cut);
    await eventually(() => expect(reconnected).toBe(times));
    await database.db.query(send, ["again", String(times)]);
    await eventually(() => expect(seen).toHaveLength(times));
  }
  expect(seen).toEqual(["1", "2"]);
  await listening.close();
});

test("a callback that throws stops neither the others nor the next notice", async () => {
  const errors: unknown[] = [];
  const { db, drop } = await testDatabase({ onError: (error) => errors.push(error) });
  const seen: string[] = [];
  await db.listen("throws", () => {
    throw new Error("callback");
  });
  await db.listen("throws", (payload) => seen.push(payload));
  await db.query(send, ["throws", "1"]);
  await db.query(send, ["throws", "2"]);
  await eventually(() => expect(seen).toEqual(["1", "2"]));
  expect(errors).toMatchObject([{ message: "callback" }, { message: "callback" }]);
  await drop();
});

test("who has closed hears nothing more, while others go on", async () => {
  const seen: string[] = [];
  const first = await database.db.listen("closing", (payload) => seen.push(`first ${payload}`));
  const second = await database.db.listen("closing", (payload) => seen.push(`second ${payload}`));
  await first.close();
  await database.db.query(send, ["closing", "1"]);
  await eventually(() => expect(seen).toEqual(["second 1"]));
  await second.close();
});

test("a channel that is no plain name is refused", async () => {
  await expect(database.db.listen('x"; DROP TABLE runs; --', () => {})).rejects.toThrow("no name of a channel");
});
