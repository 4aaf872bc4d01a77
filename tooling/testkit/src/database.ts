import { cloneDatabase } from "@takosumi/db/clone";
import { type Db, openDb } from "@takosumi/db/db";
import type { DbSettings } from "@takosumi/db/settings";
import { inject } from "vitest";
import "./provided.ts";

export interface TestDatabase {
  readonly url: string;
  readonly db: Db;
  /** Closes `db` and removes the database. */
  drop(): Promise<void>;
}

/** A migrated, empty database that only this caller has: one a test file, made in `beforeAll` and dropped in `afterAll`. */
export async function testDatabase(settings: Partial<DbSettings> = {}): Promise<TestDatabase> {
  const { url: serverUrl, template } = inject("postgres");
  const { url, drop } = await cloneDatabase(serverUrl, template);
  const db = await openDb({ poolSize: 8, ...settings, url });
  return {
    url,
    db,
    drop: async () => {
      await db.close();
      await drop();
    },
  };
}
