import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { administer, cloneDatabase } from "../src/clone.ts";
import { type Db, openDb } from "../src/db.ts";
import { isMigrated, migrate, readMigrations } from "../src/migrate.ts";
import { statement } from "../src/sql.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "takosumi-migrate-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A directory of migrations as the test wants it. */
async function migrations(files: Record<string, string>): Promise<URL> {
  const directory = await mkdtemp(join(root, "m-"));
  for (const [name, sql] of Object.entries(files)) {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, "migration.sql"), sql);
  }
  return pathToFileURL(`${directory}/`);
}

async function empty<T>(work: (url: string) => Promise<T>): Promise<T> {
  const { url, drop } = await cloneDatabase(inject("postgres").url, "template0");
  try {
    return await work(url);
  } finally {
    await drop();
  }
}

async function opened<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const db = await openDb({ url });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

const history = statement(
  "test_history",
  "SELECT migration_name, checksum, applied_steps_count, finished_at FROM _prisma_migrations ORDER BY migration_name",
);
const tables = statement(
  "test_migrated_tables",
  "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' ORDER BY 1",
);
const one = { "0001_one": "CREATE TABLE one (id text);" };
const two = { ...one, "0002_two": "CREATE TABLE two (id text); INSERT INTO two VALUES ('x');" };

test("an empty database gets every migration, in order, once", () =>
  empty(async (url) => {
    const directory = await migrations(two);
    expect(await migrate(url, directory)).toEqual({ applied: 2, total: 2 });
    expect(await migrate(url, directory)).toEqual({ applied: 0, total: 2 });
    await opened(url, async (db) => {
      const known = await readMigrations(directory);
      expect(await db.query(history)).toEqual(
        known.map(({ name, checksum }) => ({ migration_name: name, checksum, applied_steps_count: 1, finished_at: expect.any(Date) })),
      );
    });
  }));

test("a later start applies only what is new", () =>
  empty(async (url) => {
    await migrate(url, await migrations(one));
    expect(await migrate(url, await migrations(two))).toEqual({ applied: 1, total: 2 });
  }));

test("processes that start at once apply each migration once, and all of them end with it applied", () =>
  empty(async (url) => {
    const directory = await migrations(two);
    const answers = await Promise.all(Array.from({ length: 5 }, () => migrate(url, directory)));
    expect(answers.map((answer) => answer.applied).sort()).toEqual([0, 0, 0, 0, 2]);
  }));

test("a migration that fails leaves nothing of itself, and everything before it", () =>
  empty(async (url) => {
    const broken = await migrations({ ...one, "0002_two": "CREATE TABLE half (id text); SELECT 1 / 0;" });
    await expect(migrate(url, broken)).rejects.toThrow(/Migration 0002_two failed, and nothing of it was applied: division by zero/);
    await opened(url, async (db) => expect(await db.query(tables)).toEqual([{ tablename: "one" }]));
    expect(await migrate(url, await migrations(two))).toEqual({ applied: 1, total: 2 });
  }));

test("a migration that was changed after it was applied stops the start", () =>
  empty(async (url) => {
    await migrate(url, await migrations(one));
    await expect(migrate(url, await migrations({ "0001_one": "CREATE TABLE other (id text);" }))).rejects.toThrow(
      /0001_one was changed after/,
    );
  }));

test("a database of a newer version is not touched", () =>
  empty(async (url) => {
    await migrate(url, await migrations(two));
    await expect(migrate(url, await migrations({ ...one, "0003_three": "CREATE TABLE three (id text);" }))).rejects.toThrow(
      /data from a newer version.*0002_two/,
    );
    await opened(url, async (db) => expect(await db.query(tables)).toEqual([{ tablename: "one" }, { tablename: "two" }]));
  }));

test("a new migration that sorts before an applied one is refused", () =>
  empty(async (url) => {
    await migrate(url, await migrations({ "0002_two": "SELECT 1" }));
    await expect(migrate(url, await migrations({ "0001_one": "SELECT 1", "0002_two": "SELECT 1" }))).rejects.toThrow(
      /sorts before 0002_two/,
    );
  }));

test("a migration that another tool left half done stops the start", () =>
  empty(async (url) => {
    await migrate(url, await migrations(one));
    await administer(url, "UPDATE _prisma_migrations SET finished_at = NULL");
    await expect(migrate(url, await migrations(one))).rejects.toThrow(/did not end/);
  }));

test("the product's own migrations apply, and are then known to be applied", () =>
  empty(async (url) => {
    const { total } = await migrate(url);
    expect(await migrate(url)).toEqual({ applied: 0, total });
    await opened(url, async (db) => {
      expect(await isMigrated(db)).toBe(true);
      await administer(url, "DELETE FROM _prisma_migrations");
      expect(await isMigrated(db)).toBe(false);
    });
  }));
