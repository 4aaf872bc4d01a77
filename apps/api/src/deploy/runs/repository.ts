import type { Policy } from "@takosumi/contracts/deploy/policy";
import type { Run, RunKind, RunStatus } from "@takosumi/contracts/deploy/run";
import type { Queries } from "@takosumi/db/db";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { z } from "zod";
import { locatorOf } from "../../tenancy/membership/repository.ts";
import type { Db } from "../../world.ts";

export const locateRun = locatorOf("run", "runs");

/** What stands beside a Run: its snapshot and runner, the Capsule's hold, its approvals and policy, the ends of its audit, and the riskiest of its changes. */
export interface Beside {
  readonly id: string;
  readonly snapshot: { readonly id: string; readonly digest: string; readonly size_bytes: number; readonly commit: string | null } | null;
  readonly runner: { readonly id: string; readonly name: string; readonly pool: string } | null;
  /** Its time is over, though perhaps nobody noted it yet. */
  readonly expired: boolean;
  readonly lock_run_id: string | null;
  readonly lock_actor: { readonly name: string } | null;
  readonly lock_reason: string | null;
  readonly capsule_deleted: boolean;
  readonly first_event_id: string | null;
  readonly last_event_id: string | null;
  readonly changes: readonly object[];
  /** Who approved it, in order. */
  readonly approvals: z.infer<typeof Run>["approval"]["given"];
  /** Who made its plan. */
  readonly author: string;
  readonly project_policy: Policy;
  readonly capsule_policy: Policy;
}

/**
 * $1 ids of Runs, $2 how many changes of each. Plan: primary keys, and the two ends of audit_events_run_idx; changes by run_changes'
 * primary key, in the order of risk.
 */
const beside = statement(
  "runs_beside",
  `SELECT r.id,
     CASE WHEN s.id IS NULL THEN NULL ELSE jsonb_build_object('id', s.id, 'digest', s.digest, 'size_bytes', s.size_bytes, 'commit', s.commit) END AS snapshot,
     CASE WHEN n.id IS NULL THEN NULL ELSE jsonb_build_object('id', n.id, 'name', n.name, 'pool', coalesce(p.name, n.pool)) END AS runner,
     coalesce(r.expires_at < now(), false) AS expired, c.lock_run_id, c.lock_actor, c.lock_reason, c.deleted_at IS NOT NULL AS capsule_deleted,
     (SELECT a.id FROM audit_events a WHERE a.chain_id = r.workspace_id AND a.run_id = r.id ORDER BY a.sequence LIMIT 1) AS first_event_id,
     (SELECT a.id FROM audit_events a WHERE a.chain_id = r.workspace_id AND a.run_id = r.id ORDER BY a.sequence DESC LIMIT 1) AS last_event_id,
     project.policy AS project_policy, c.policy AS capsule_policy, coalesce((SELECT plan.actor_id FROM runs plan WHERE plan.id = r.plan_run_id), r.actor_id) AS author,
     coalesce((SELECT jsonb_agg(jsonb_build_object('user', jsonb_build_object('id', g.user_id, 'name', g.user_name), 'at', iso_time(g.at),
       'plan_digest', g.plan_digest, 'message', g.message) ORDER BY g.at, g.user_id) FROM approvals g WHERE g.run_id = r.id), '[]') AS approvals,
     coalesce((SELECT jsonb_agg(e.data ORDER BY e.position) FROM (SELECT data, position FROM run_changes WHERE run_id = r.id ORDER BY position LIMIT $2) e), '[]') AS changes
   FROM runs r JOIN capsules c ON c.id = r.capsule_id JOIN projects project ON project.id = r.project_id
     LEFT JOIN source_snapshots s ON s.id = r.source_snapshot_id
     LEFT JOIN runners n ON n.id = r.lease_runner_id
     LEFT JOIN runner_pools p ON p.id = n.pool
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
  /** Only what waits for this person. */
  readonly needs: Needs | null;
  readonly before: string | null;
  readonly take: number;
}
/** What a person could do something about. */
export interface Needs {
  readonly statuses: readonly RunStatus[];
  readonly destroys: boolean;
  readonly user_id: string;
  readonly owner: boolean;
}
const scopes = ["capsule_id", "project_id", "workspace_id"] as const;
const filters = ["status", "kind", "actor_id"] as const;
type Filter = (typeof filters)[number] | "workspace" | "write_kind" | "needs";
/** After every id of a Run: the first page lies before it. */
const last = `run_${"z".repeat(27)}`;

/** Whose approval the policy does not want, as `approverRefused` says it. $`user`; $`owner`: whether they are one. */
const unwanted = (user: number, owner: number) =>
  `EXISTS (SELECT FROM capsules c JOIN projects p ON p.id = c.project_id WHERE c.id = capsule_id AND (
     (coalesce((SELECT plan.actor_id FROM runs plan WHERE plan.id = runs.plan_run_id), actor_id) = $${user}
       AND 'true' IN (c.policy ->> 'separate_author', p.policy ->> 'separate_author'))
     OR (destroys AND NOT $${owner}::boolean AND 'owner' IN (c.policy ->> 'destroy_role', p.policy ->> 'destroy_role'))))`;

/** Each filter over the values that begin at $`n`. What is blocked waits only until its Capsule has another Run; who approved waits for others. */
const clauses: { readonly [F in Filter]: (n: number) => string } = {
  workspace: (n) => `AND workspace_id = $${n}`,
  status: (n) => `AND status = $${n}`,
  kind: (n) => `AND kind = $${n}`,
  // Said again in words that the partial index is known by.
  write_kind: (n) => `AND kind = $${n} AND kind <> 'plan'`,
  actor_id: (n) => `AND actor_id = $${n}`,
  needs: (n) => `AND status IN ('planned', 'awaiting_approval', 'blocked', 'needs_recovery') AND status = ANY ($${n}::text[])
     AND (status NOT IN ('planned', 'awaiting_approval') OR ((mode <> 'destroy' OR $${n + 1}::boolean)
       AND NOT EXISTS (SELECT FROM approvals g WHERE g.run_id = runs.id AND g.user_id = $${n + 2}) AND NOT ${unwanted(n + 2, n + 3)}))
     AND (status <> 'blocked' OR EXISTS (SELECT FROM capsules c WHERE c.id = capsule_id AND c.latest_run_id = runs.id AND c.deleted_at IS NULL))`,
};
const first = 4;

/** $1 scope, $2 the cursor, $3 rows, then the values of the filters that are given. One statement for each set of filters, so that each has its own plan. */
function page(scope: (typeof scopes)[number], given: readonly (readonly [Filter, readonly unknown[]])[]) {
  let next = first;
  const wheres = given.map(([name, values]) => {
    const clause = clauses[name](next);
    next += values.length;
    return clause;
  });
  return statement(
    ["runs_page", scope, ...given.map(([name]) => name)].join("_"),
    `SELECT * FROM runs WHERE ${scope} = $1 AND id < $2 ${wheres.join(" ")} ORDER BY id DESC LIMIT $3`,
  );
}

/** One page, newest first, backwards from the cursor by the index of the filter that is given, else of the narrowest scope. */
export function listRuns(db: Queries, filter: RunFilter): Promise<RunRow[]> {
  const scope = scopes.find((name) => filter[name] !== undefined) ?? "workspace_id";
  const given: (readonly [Filter, readonly unknown[]])[] = filters
    .filter((name) => filter[name] !== undefined)
    .map((name) => [name === "kind" && filter.kind !== "plan" ? "write_kind" : name, [filter[name]]]);
  const { needs } = filter;
  // The indexes of these two are a Workspace's.
  if (scope !== "workspace_id" && (needs || filter.actor_id !== undefined)) given.unshift(["workspace", [filter.workspace_id]]);
  if (needs) given.push(["needs", [needs.statuses, needs.destroys, needs.user_id, needs.owner]]);
  const values = given.flatMap(([, more]) => more);
  return db.query<RunRow>(page(scope, given), [filter[scope], filter.before ?? last, filter.take, ...values]);
}

const capsule = statement("runs_capsule", `SELECT * FROM capsules WHERE id = $1 AND deleted_at IS NULL`);
export const capsuleOf = (db: Db, id: string): Promise<CapsuleRow | null> => db.one<CapsuleRow>(capsule, [id]);
