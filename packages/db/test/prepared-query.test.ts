import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { columnTypes } from "../src/column-types.ts";
import { statement } from "../src/sql.ts";
import { testDatabase } from "./database.ts";

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase({ poolSize: 1 });
});
afterAll(() => database.drop());

const everyType = statement(
  "test_every_type",
  `SELECT $1::text AS text, $2::int8 AS int8, $3::jsonb AS jsonb, $4::timestamptz AS at, $5::bytea AS bytes, $6::text[] AS many,
     $7::bool AS yes, $8::float8 AS float, NULL::text AS nothing, '{}'::int8[] AS none, n FROM generate_series(1, 3) n`,
);
const values = [
  "é漢😀\\'",
  42,
  { a: [1, { b: "x" }] },
  new Date(1_700_000_000_123),
  Buffer.from([0, 1, 255]),
  ["a", 'b"', null],
  true,
  0.1,
];

test("rows are those of pg itself, the first time and after", async () => {
  const client = new pg.Client({ connectionString: database.url, types: columnTypes });
  await client.connect();
  const { rows } = await client.query({ text: everyType.text, values });
  await client.end();
  for (let i = 0; i < 3; i++) expect(await database.db.query(everyType, values)).toEqual(rows.map((row) => ({ ...row })));
});

const divide = statement("test_prepared_divide", "SELECT 6 / $1::int AS one");
const broken = statement("test_prepared_broken", "SELECT FROM nowhere_at_all WHERE a = $1");
const silent = statement("test_prepared_silent", "UPDATE instance_settings SET value = value WHERE name = $1");
const endless = {
  toJSON: () => Promise.reject(new Error("no")),
  toPostgres: () => {
    throw new Error("cannot be sent");
  },
};

test("an error leaves the connection and the statement as they were", async () => {
  const { db } = database;
  const { pid } = (await db.one<{ pid: number }>(backend)) ?? {};
  for (let i = 0; i < 2; i++) {
    await expect(db.query(divide, [0])).rejects.toMatchObject({ code: "22012" });
    await expect(db.query(divide, ["six"])).rejects.toMatchObject({ code: "22P02" });
    await expect(db.query(divide, [endless])).rejects.toThrow("cannot be sent");
    await expect(db.query(broken, [1])).rejects.toMatchObject({ code: "42P01" });
    expect(await db.query(silent, ["none"])).toEqual([]);
    expect(await db.query(divide, [3])).toEqual([{ one: 2 }]);
  }
  expect(await db.one(backend)).toEqual({ pid });
});
const backend = statement("test_prepared_backend", "SELECT pg_backend_pid() AS pid");

const all = statement("test_prepared_all", "SELECT * FROM changing");
let changes = 0;
const change = (text: string) => database.db.query(statement(`test_prepared_change_${changes++}`, text));

test("a table that changed is read as it is now", async () => {
  const { db } = database;
  await change("CREATE TABLE changing AS SELECT 1 AS a, 'x' AS b");
  expect([await db.query(all), await db.query(all)]).toEqual([[{ a: 1, b: "x" }], [{ a: 1, b: "x" }]]);
  await change("ALTER TABLE changing ADD COLUMN c int8 DEFAULT 7");
  expect(await db.query(all)).toEqual([{ a: 1, b: "x", c: 7 }]);
  await change("ALTER TABLE changing DROP COLUMN a");
  expect(await db.query(all)).toEqual([{ b: "x", c: 7 }]);
});
