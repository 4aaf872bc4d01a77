import type { Db } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

/** By runners_pool_idx; there are few runners. */
const seen = statement(
  "health_runner_seen",
  "SELECT id FROM runners WHERE last_seen_at > now() - interval '30 seconds' AND NOT draining LIMIT 1",
);
export const anyRunnerOnline = async (db: Db): Promise<boolean> => (await db.one(seen)) !== null;
