import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LostRace, UniqueViolation } from "../src/errors.ts";
import { statement } from "../src/sql.ts";
import { testDatabase } from "./database.ts";

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase({ lockTimeoutMs: 300 });
});
afterAll(() => database.drop());

const insert = statement("test_setting_insert", "INSERT INTO instance_settings (name, value) VALUES ($1, $2)");
const read = statement("test_setting_read", "SELECT name, value, updated_at FROM instance_settings WHERE name = $1");
const lock = statement("test_setting_lock", "SELECT name FROM instance_settings WHERE name = $1 FOR UPDATE");
const update = statement("test_setting_update", "UPDATE instance_settings SET value = $2 WHERE name = $1");
const divide = statement("test_divide", "SELECT 1 / $1::int AS one");
const serializable = statement("test_serializable", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
const large = statement("test_int8", "SELECT $1::int8 AS one, ARRAY[$1::int8, NULL] AS many");

test("a transaction commits what its work did", async () => {
  const answer = await database.db.transaction(async (tx) => {
    await tx.query(insert, ["commits", { a: [1] }]);
    return "done";
  });
  expect(answer).toBe("done");
  expect(await database.db.one(read, ["commits"])).toEqual({ name: "commits", value: { a: [1] }, updated_at: expect.any(Date) });
});

test("a transaction whose work throws leaves nothing, and its connection is good again", async () => {
  const effects: string[] = [];
  const work = database.db.transaction(async (tx) => {
    await tx.query(insert, ["thrown", "1"]);
    tx.afterCommit(() => effects.push("ran"));
    throw new Error("no");
  });
  await expect(work).rejects.toThrow("no");
  expect(await database.db.one(read, ["thrown"])).toBeNull();
  expect(effects).toEqual([]);
});

test("a swallowed failure inside a transaction fails its commit", async () => {
  const work = database.db.transaction(async (tx) => {
    await tx.query(insert, ["swallowed", "1"]);
    await tx.query(divide, [0]).catch(() => {});
  });
  await expect(work).rejects.toThrow(/nothing was written/);
  expect(await database.db.one(read, ["swallowed"])).toBeNull();
});

test("effects run after the commit, in order, and none of them undoes it", async () => {
  const errors: unknown[] = [];
  const { db, drop } = await testDatabase({ onError: (error) => errors.push(error) });
  const seen: unknown[] = [];
  await db.transaction(async (tx) => {
    await tx.query(insert, ["effects", "1"]);
    tx.afterCommit(() => {
      throw new Error("effect");
    });
    tx.afterCommit(() => seen.push("second"));
    expect(await db.one(read, ["effects"])).toBeNull();
  });
  expect(seen).toEqual(["second"]);
  expect(errors).toMatchObject([{ message: "effect" }]);
  expect(await db.one(read, ["effects"])).not.toBeNull();
  await drop();
});

test("begin leaves the end to its caller; after the end nothing more is sent", async () => {
  const tx = await database.db.begin();
  await tx.query(insert, ["begun", "1"]);
  await tx.commit();
  await tx.rollback();
  await expect(tx.query(read, ["begun"])).rejects.toThrow("has ended");
  expect(await database.db.one(read, ["begun"])).not.toBeNull();
});

test("statements sent at once to one transaction run in order on its connection", async () => {
  await database.db.transaction(async (tx) => {
    const answers = await Promise.all([tx.query(insert, ["queued", "1"]), tx.one(read, ["queued"])]);
    expect(answers[1]).toMatchObject({ name: "queued" });
  });
});

test("a key that is taken is a UniqueViolation with its constraint, inside and outside of a transaction", async () => {
  await database.db.query(insert, ["taken", "1"]);
  const violation = { name: "UniqueViolation", constraint: "instance_settings_pkey" };
  await expect(database.db.query(insert, ["taken", "1"])).rejects.toMatchObject(violation);
  await expect(database.db.transaction((tx) => tx.query(insert, ["taken", "1"]))).rejects.toBeInstanceOf(UniqueViolation);
});

test("a lock that is not given in time is a LostRace", async () => {
  await database.db.query(insert, ["locked", "1"]);
  await database.db.transaction(async (holder) => {
    await holder.query(lock, ["locked"]);
    await expect(database.db.transaction((tx) => tx.query(lock, ["locked"]))).rejects.toBeInstanceOf(LostRace);
  });
});

test("a serialization failure is a LostRace", async () => {
  await database.db.query(insert, ["raced", "1"]);
  const slow = await database.db.begin();
  await slow.query(serializable);
  await slow.query(read, ["raced"]);
  await database.db.query(update, ["raced", "2"]);
  await expect(slow.query(update, ["raced", "3"])).rejects.toBeInstanceOf(LostRace);
  await slow.rollback();
  expect(await database.db.one(read, ["raced"])).toMatchObject({ value: 2 });
});

test("int8 is a number up to the last safe one, and an error beyond", async () => {
  expect(await database.db.one(large, ["9007199254740991"])).toEqual({ one: 9007199254740991, many: [9007199254740991, null] });
  await expect(database.db.one(large, ["9007199254740993"])).rejects.toThrow(RangeError);
  expect(await database.db.one(large, ["1"])).toMatchObject({ one: 1 });
});

test("a migration that changes a table under a prepared statement is not noticed outside of a transaction", async () => {
  const { db, drop } = await testDatabase({ poolSize: 1 });
  const all = statement("test_all_settings", "SELECT * FROM instance_settings");
  await db.query(all);
  await db.query(statement("test_alter", "ALTER TABLE instance_settings ADD COLUMN more text DEFAULT 'x'"));
  await db.query(insert, ["altered", "1"]);
  expect(await db.query(all)).toMatchObject([{ name: "altered", more: "x" }]);
  await drop();
});

test("Prisma reads through the same pool", async () => {
  await database.db.query(insert, ["prisma", { deep: true }]);
  expect(await database.db.prisma.instance_settings.findUnique({ where: { name: "prisma" } })).toMatchObject({ value: { deep: true } });
});

test("Node runs all of it as it is, the generated client too", () => {
  const ran = spawnSync(process.execPath, ["--no-warnings", join(import.meta.dirname, "plain-node.ts")], {
    input: database.url,
    encoding: "utf8",
  });
  expect(ran).toMatchObject({ status: 0, stdout: "0 1", stderr: "" });
});
