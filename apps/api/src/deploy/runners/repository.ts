import type { RunnerRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db } from "../../world.ts";

export interface ListedRunner extends RunnerRow {
  readonly busy: number;
  /** Seconds since it was last heard of, by the database's clock. */
  readonly silent_for: number;
}

// Plan: runners_pkey for the page, and one look at what runs now (runs_lease_idx holds nothing else).
const page = statement(
  "runners_page",
  `SELECT n.*, extract(epoch FROM now() - n.last_seen_at)::float8 AS silent_for, coalesce(b.busy, 0) AS busy
   FROM (SELECT * FROM runners WHERE ($1::text IS NULL OR pool = $1) AND id > $2 ORDER BY id LIMIT $3) n
     LEFT JOIN (SELECT lease_runner_id, count(*)::int AS busy FROM runs WHERE status = 'running' GROUP BY 1) b ON b.lease_runner_id = n.id
   ORDER BY n.id`,
);
export const listRunners = (db: Db, pool: string | undefined, after: string | null, take: number): Promise<ListedRunner[]> =>
  db.query<ListedRunner>(page, [pool ?? null, after ?? "", take]);
