import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type pg from "pg";
import type { Queries } from "./db.ts";
import { understood } from "./failure.ts";
import { WaitingPool } from "./pool.ts";
import { defaultSettings } from "./settings.ts";
import { statement } from "./sql.ts";

/** Why this code does not touch that database, in words for whoever started it. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}
interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

export const migrationsDirectory = new URL("../../../prisma/migrations/", import.meta.url);
/** Any number that nobody else locks. */
const lock = 7_218_340_557;
const patience = 600_000;

// Shape and checksums are Prisma's, so that its tools read the table.
const table = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY,
  checksum varchar(64) NOT NULL,
  finished_at timestamptz,
  migration_name varchar(255) NOT NULL,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;
const appliedText =
  "SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name";
const insertText =
  "INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), clock_timestamp(), 1)";
const finishedMigrations = statement(
  "migrations_finished",
  "SELECT migration_name FROM _prisma_migrations WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL",
);

/** The migrations of the code, in their order. */
export async function readMigrations(directory: URL = migrationsDirectory): Promise<Migration[]> {
  const names = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(new URL(`${name}/migration.sql`, directory));
      return { name, sql: bytes.toString("utf8"), checksum: createHash("sha256").update(bytes).digest("hex") };
    }),
  );
}

/**
 * Brings a database to the shape that this code knows: each migration in a transaction of its own, under a lock that lets processes which
 * start at once do it one after the other. `applied` is how many this call applied. Throws MigrationError, or DatabaseUnavailable.
 */
export async function migrate(
  url: string,
  directory: URL = migrationsDirectory,
): Promise<{ readonly applied: number; readonly total: number }> {
  const migrations = await readMigrations(directory);
  const pool = new WaitingPool({
    ...defaultSettings,
    url,
    poolSize: 1,
    statementTimeoutMs: patience,
    lockTimeoutMs: patience,
    applicationName: "takosumi migrate",
  });
  try {
    const client = await pool.connect();
    try {
      // Held by the session: it goes with it, however the process ends.
      await client.query("SELECT pg_advisory_lock($1)", [lock]);
      await client.query(table);
      const { rows } = await client.query<Applied>(appliedText);
      const missing = compare(migrations, rows);
      for (const migration of missing) await apply(client, migration);
      return { applied: missing.length, total: migrations.length };
    } finally {
      client.release(true);
    }
  } catch (error) {
    throw understood(error);
  } finally {
    await pool.close(1_000);
  }
}

/** Whether every migration of this code is applied. */
export async function isMigrated(db: Queries): Promise<boolean> {
  const applied = new Set((await db.query<{ migration_name: string }>(finishedMigrations)).map((row) => row.migration_name));
  return (await readMigrations()).every(({ name }) => applied.has(name));
}

/** What is left to apply; throws where the database has been somewhere that this code does not know. */
function compare(migrations: readonly Migration[], applied: readonly Applied[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  const foreign = applied.filter((row) => !known.has(row.migration_name)).map((row) => row.migration_name);
  if (foreign.length > 0)
    throw new MigrationError(
      `The database has data from a newer version of Takosumi (it knows ${foreign.join(", ")}): start that version, or restore a backup of this one`,
    );
  for (const row of applied) {
    if (row.finished_at === null)
      throw new MigrationError(
        `Migration ${row.migration_name} was begun by another tool and did not end: finish it or mark it rolled back`,
      );
    if (row.checksum !== known.get(row.migration_name)?.checksum)
      throw new MigrationError(
        `Migration ${row.migration_name} was changed after it was applied to this database: undo the change, and make a new migration`,
      );
  }
  const done = new Set(applied.map((row) => row.migration_name));
  const last = [...done].sort().at(-1) ?? "";
  const missing = migrations.filter(({ name }) => !done.has(name));
  const late = missing.find(({ name }) => name < last);
  if (late) throw new MigrationError(`Migration ${late.name} sorts before ${last}, which is applied already: give it a later number`);
  return missing;
}

async function apply(client: pg.PoolClient, { name, sql, checksum }: Migration): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(sql);
    await client.query(insertText, [randomUUID(), checksum, name]);
    await client.query("COMMIT");
  } catch (cause) {
    throw new MigrationError(`Migration ${name} failed, and nothing of it was applied: ${(cause as Error).message}`, { cause });
  }
}
