import type { RunnerRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db } from "../../world.ts";

export interface ListedRunner extends RunnerRow {
  readonly busy: number;
  /** Seconds since it was last heard of, by the database's clock. */
  readonly silent_for: number;
}

// Plan: runners_pkey a page, and once runs_lease_idx for all that runs now.
const page = statement(
  "runners_page",
  `SELECT n.*, extract(epoch FROM now() - n.last_seen_at)::float8 AS silent_for,
     (SELECT count(*)::int FROM runs r WHERE r.lease_runner_id = n.id AND r.status = 'running') AS busy
   FROM runners n WHERE ($1::text IS NULL OR n.pool = $1) AND ($2::text IS NULL OR n.id > $2) ORDER BY n.id LIMIT $3`,
);
export const listRunners = (db: Db, pool: string | undefined, after: string | null, take: number): Promise<ListedRunner[]> =>
  db.query<ListedRunner>(page, [pool ?? null, after, take]);
