import type { RunKind, RunStatus } from "@takosumi/contracts/deploy/run";
import type { Queries } from "@takosumi/db/db";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { locatorOf } from "../../tenancy/membership/repository.ts";
import type { Db } from "../../world.ts";

export const locateRun = locatorOf("run", "runs");

/** What stands beside a Run: its snapshot and runner, the Capsule's hold, the ends of its audit, and the riskiest of its changes. */
export interface Beside {
  readonly id: string;
  readonly snapshot: { readonly id: string; readonly digest: string; readonly size_bytes: number; readonly commit: string | null } | null;
  readonly runner: { readonly id: string; readonly name: string; readonly pool: string } | null;
  readonly lock_run_id: string | null;
  readonly lock_actor: { readonly name: string } | null;
  readonly lock_reason: string | null;
  readonly first_event_id: string | null;
  readonly last_event_id: string | null;
  readonly changes: readonly object[];
}

/**
 * $1 ids of Runs, $2 how many changes of each. Plan: primary keys, and the two ends of audit_events_run_idx; changes by run_changes'
 * primary key, in the order of risk.
 */
const beside = statement(
  "runs_beside",
  `SELECT r.id,
     CASE WHEN s.id IS NULL THEN NULL ELSE jsonb_build_object('id', s.id, 'digest', s.digest, 'size_bytes', s.size_bytes, 'commit', s.commit) END AS snapshot,
     CASE WHEN n.id IS NULL THEN NULL ELSE jsonb_build_object('id', n.id, 'name', n.name, 'pool', n.pool) END AS runner,
     c.lock_run_id, c.lock_actor, c.lock_reason,
     (SELECT a.id FROM audit_events a WHERE a.chain_id = r.workspace_id AND a.run_id = r.id ORDER BY a.sequence LIMIT 1) AS first_event_id,
     (SELECT a.id FROM audit_events a WHERE a.chain_id = r.workspace_id AND a.run_id = r.id ORDER BY a.sequence DESC LIMIT 1) AS last_event_id,
     coalesce((SELECT jsonb_agg(e.data ORDER BY e.position) FROM (SELECT data, position FROM run_changes WHERE run_id = r.id ORDER BY position LIMIT $2) e), '[]') AS changes
   FROM runs r JOIN capsules c ON c.id = r.capsule_id
     LEFT JOIN source_snapshots s ON s.id = r.source_snapshot_id
     LEFT JOIN runners n ON n.id = r.lease_runner_id
   WHERE r.id = ANY ($1::text[])`,
);
export const besideOf = async (db: Queries, ids: readonly string[], changes: number): Promise<Map<string, Beside>> =>
  new Map((await db.query<Beside>(beside, [ids, changes])).map((row) => [row.id, row]));

export interface RunFilter {
  readonly workspace_id: string;
  readonly project_id: string | undefined;
  readonly capsule_id: string | undefined;
  readonly status: RunStatus | undefined;
  readonly kind: RunKind | undefined;
  readonly actor_id: string | undefined;
  /** Only what waits for somebody: an approval, a missing connection, a recovery. */
  readonly waiting: boolean;
  readonly before: string | null;
  readonly take: number;
}
const scopes = ["capsule_id", "project_id", "workspace_id"] as const;
const filters = ["status", "kind", "actor_id"] as const;
/** After every id of a Run: the first page lies before it. */
const last = `run_${"z".repeat(27)}`;

/** $1 scope, $2 the cursor, $3 rows, then the filters that are given. One statement for each set of filters, so that each has its own plan. */
const page = (scope: (typeof scopes)[number], waiting: boolean, given: readonly (typeof filters)[number][]) =>
  statement(
    ["runs_page", scope, ...(waiting ? ["waiting"] : []), ...given].join("_"),
    `SELECT * FROM runs WHERE ${scope} = $1 AND id < $2 ${given.map((name, i) => `AND ${name} = $${i + 4}`).join(" ")}
     ${waiting ? "AND status IN ('planned', 'awaiting_approval', 'blocked', 'needs_recovery')" : ""}
     ORDER BY id DESC LIMIT $3`,
  );

/** One page, newest first, backwards from the cursor by the index of the narrowest scope that is given. */
export function listRuns(db: Db, filter: RunFilter): Promise<RunRow[]> {
  const scope = scopes.find((name) => filter[name] !== undefined) ?? "workspace_id";
  const given = filters.filter((name) => filter[name] !== undefined);
  return db.query<RunRow>(page(scope, filter.waiting, given), [
    filter[scope],
    filter.before ?? last,
    filter.take,
    ...given.map((name) => filter[name]),
  ]);
}

const capsule = statement("runs_capsule", `SELECT * FROM capsules WHERE id = $1 AND deleted_at IS NULL`);
export const capsuleOf = (db: Db, id: string): Promise<CapsuleRow | null> => db.one<CapsuleRow>(capsule, [id]);
