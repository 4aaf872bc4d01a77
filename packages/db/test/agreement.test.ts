import { afterAll, beforeAll, expect, test } from "vitest";
import { administer } from "../src/clone.ts";
import { statement } from "../src/sql.ts";
import { testDatabase } from "./database.ts";
import { difference, schemaFiles } from "./schema-engine.ts";
import { unspokenIndexes } from "./unspoken-indexes.ts";

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const unspoken = statement(
  "test_unspoken_indexes",
  "SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indrelid::regclass::text NOT LIKE 'pg_%' AND (indpred IS NOT NULL OR indexprs IS NOT NULL) AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) ORDER BY 1",
);
const nothing = /^(?:\s|-- This is an empty migration\.)*$/;

test("the migrated database is what the Prisma schema says", async () => {
  expect(await difference(database.url, await schemaFiles())).toMatch(nothing);
});

test("the indexes that Prisma cannot say are exactly those that are listed, each with its reason", async () => {
  const found = (await database.db.query<{ name: string }>(unspoken)).map((row) => row.name);
  expect(found).toEqual(Object.keys(unspokenIndexes).sort());
  for (const reason of Object.values(unspokenIndexes)) expect(reason.length).toBeGreaterThan(10);
});

test.each([
  ["a column of another type", "ALTER TABLE runs ALTER COLUMN attempts TYPE bigint", /ALTER COLUMN "attempts"/],
  ["a column that may be null", "ALTER TABLE runs ALTER COLUMN status DROP NOT NULL", /"status" SET NOT NULL/],
  ["a column too many", "ALTER TABLE users ADD COLUMN stray text", /DROP COLUMN "stray"/],
  ["a column too few", "ALTER TABLE users DROP COLUMN name", /ADD COLUMN\s+"name"/],
  ["a default too few", "ALTER TABLE runs ALTER COLUMN attempts DROP DEFAULT", /"attempts" SET DEFAULT/],
  ["an index too few", "DROP INDEX secrets_page_idx", /CREATE INDEX "secrets_page_idx"/],
  ["a table too many", "CREATE TABLE stray (id text PRIMARY KEY)", /DROP TABLE "stray"/],
  ["a foreign key too few", "ALTER TABLE members DROP CONSTRAINT members_user_id_fkey", /ADD CONSTRAINT "members_user_id_fkey"/],
])("%s is found", async (_, change, expected) => {
  const other = await testDatabase();
  await administer(other.url, change);
  expect(await difference(other.url, await schemaFiles())).toMatch(expected);
  await other.drop();
});
