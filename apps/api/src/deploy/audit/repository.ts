import { chainOf } from "@takosumi/db/audit";
import type { AuditEventRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db } from "../../world.ts";

export interface AuditFilter {
  readonly workspace_id: string;
  readonly capsule_id: string | undefined;
  readonly run_id: string | undefined;
  readonly actor_id: string | undefined;
  readonly action: string | undefined;
  /** The sequence that the page lies below. */
  readonly before: string | null;
  readonly take: number;
}

/** $1 chain, $2 before, $3 rows, then the filters; `first` is the one whose index is walked, the others are checked on its rows. */
const page = (name: string, first: string) =>
  statement(
    `audit_page_${name}`,
    `SELECT * FROM audit_events WHERE chain_id = $1 AND ($2::bigint IS NULL OR sequence < $2) ${first}
       AND ($4::text IS NULL OR run_id = $4) AND ($5::text IS NULL OR capsule_id = $5) AND ($6::text IS NULL OR actor_id = $6)
       AND ($7::text IS NULL OR action = $7)
     ORDER BY sequence DESC LIMIT $3`,
  );
// Each by the index of its name: audit_events_run_idx, …; the last by audit_events_chain_key.
const pages = {
  run_id: page("run", "AND run_id = $4"),
  capsule_id: page("capsule", "AND capsule_id = $5"),
  actor_id: page("actor", "AND actor_id = $6"),
  action: page("action", "AND action = $7"),
} as const;
const whole = page("all", "");
const narrowest = ["run_id", "capsule_id", "actor_id", "action"] as const;

/** One page of a Workspace's chain, newest first. What belongs to another Workspace lies in another chain: a foreign id finds nothing. */
export function listEvents(db: Db, filter: AuditFilter): Promise<AuditEventRow[]> {
  const by = narrowest.find((name) => filter[name] !== undefined);
  const values = narrowest.map((name) => filter[name] ?? null);
  return db.query<AuditEventRow>(by ? pages[by] : whole, [chainOf(filter.workspace_id), filter.before, filter.take, ...values]);
}
