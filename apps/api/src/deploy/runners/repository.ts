import type { Queries } from "@takosumi/db/db";
import type { RunnerRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { locatorInPool } from "../runner-pools/repository.ts";

export const locateRunner = locatorInPool("runner", "runners", "pool");

export interface ListedRunner extends RunnerRow {
  readonly pool_name: string;
  readonly workspace_id: string | null;
  readonly busy: number;
  /** Seconds since it was last heard of, by the database's clock. */
  readonly silent_for: number;
}

/** With its pool, and one look at what runs now (runs_lease_idx holds nothing else). */
const listed = (
  chosen: string,
) => `SELECT n.*, extract(epoch FROM now() - n.last_seen_at)::float8 AS silent_for, coalesce(b.busy, 0) AS busy
   FROM (SELECT r.*, p.name AS pool_name, p.workspace_id FROM runners r JOIN runner_pools p ON p.id = r.pool WHERE ${chosen}) n
     LEFT JOIN (SELECT lease_runner_id, count(*)::int AS busy FROM runs WHERE status = 'running' GROUP BY 1) b ON b.lease_runner_id = n.id
   ORDER BY n.id`;

// Plan: runners_pkey from the cursor on.
const page = statement(
  "runners_page",
  listed("(p.workspace_id IS NULL OR p.workspace_id = $1) AND ($2::text IS NULL OR p.name = $2) AND r.id > $3 ORDER BY r.id LIMIT $4"),
);
export const listRunners = (
  db: Queries,
  workspaceId: string,
  pool: string | undefined,
  after: string | null,
  take: number,
): Promise<ListedRunner[]> => db.query<ListedRunner>(page, [workspaceId, pool ?? null, after ?? "", take]);

const one = statement("runner_listed", listed("r.id = $1"));
export const runnerListed = async (db: Queries, id: string): Promise<ListedRunner> =>
  (await db.one<ListedRunner>(one, [id])) as ListedRunner;
