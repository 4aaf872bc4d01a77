import { inject } from "vitest";
import { cloneDatabase } from "../src/clone.ts";
import { type Db, type OpenOptions, openDb } from "../src/db.ts";

/** As testkit's `testDatabase`, which this package cannot use: testkit stands on it. */
export async function testDatabase(options: Partial<OpenOptions> = {}): Promise<{ url: string; db: Db; drop(): Promise<void> }> {
  const server = inject("postgres");
  const { url, drop } = await cloneDatabase(server.url, server.template);
  const db = await openDb({ poolSize: 8, ...options, url });
  return {
    url,
    db,
    drop: async () => {
      await db.close();
      await drop();
    },
  };
}
