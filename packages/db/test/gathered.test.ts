import { afterAll, beforeAll, expect, it } from "vitest";
import type { Queries } from "../src/db.ts";
import { gathered } from "../src/gathered.ts";
import { testDatabase } from "./database.ts";

const look = gathered<{ readonly double: number }>(
  "test_gathered",
  "SELECT n * 2 AS double FROM generate_series(1, 300) n WHERE n::text = asked.key",
);
const broken = gathered("test_gathered_broken", "SELECT 1 / (length(asked.key) - 1) AS x");

let database: Awaited<ReturnType<typeof testDatabase>>;
let sent = 0;
let db: Queries;
beforeAll(async () => {
  database = await testDatabase();
  const real = database.db;
  db = { query: (asked, values) => (sent++, real.query(asked, values)), one: real.one };
});
afterAll(() => database.drop());

it("answers each what it asked for, and asks the database once for a hundred of them", async () => {
  const keys = Array.from({ length: 250 }, (_, i) => String(i * 2));
  const rows = await Promise.all(keys.map((key) => look(db, key)));
  expect(rows.map((row) => row?.double ?? null)).toEqual(
    keys.map((key) => (Number(key) >= 1 && Number(key) <= 300 ? Number(key) * 2 : null)),
  );
  expect(sent).toBe(3);
});

it("asks once for what several ask at once, and again for who asks later", async () => {
  sent = 0;
  const same = await Promise.all(Array.from({ length: 150 }, () => look(db, "7")));
  expect([new Set(same.map((row) => row?.double)), sent]).toEqual([new Set([14]), 1]);
  await look(db, "7");
  expect(sent).toBe(2);
});

it("fails for all who asked together, and for nobody after them", async () => {
  const both = await Promise.allSettled([broken(db, "a"), broken(db, "bc")]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await broken(db, "bc")).toMatchObject({ x: 1 });
});
