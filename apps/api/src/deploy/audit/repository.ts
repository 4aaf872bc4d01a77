import { chainOf } from "@takosumi/db/audit";
import type { AuditEventRow } from "@takosumi/db/rows";
import { type Statement, statement } from "@takosumi/db/sql";
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

const filters = ["run_id", "capsule_id", "actor_id", "action"] as const;
/** Above every sequence: the first page lies below it. */
const top = "9223372036854775807";

/** $1 chain, $2 the cursor, $3 rows, then the filters that are given. One statement for each set of filters, so that each has its own plan. */
const page = (given: readonly (typeof filters)[number][]): Statement =>
  statement(
    ["audit_page", ...given].join("_"),
    `SELECT * FROM audit_events WHERE chain_id = $1 AND sequence < $2::bigint ${given.map((name, i) => `AND ${name} = $${i + 4}`).join(" ")}
     ORDER BY sequence DESC LIMIT $3`,
  );

/**
 * One page of a Workspace's chain, newest first, backwards from the cursor by the index of a filter that is given, else by
 * audit_events_chain_key. What belongs to another Workspace lies in another chain: a foreign id finds nothing.
 */
export function listEvents(db: Db, filter: AuditFilter): Promise<AuditEventRow[]> {
  const given = filters.filter((name) => filter[name] !== undefined);
  return db.query<AuditEventRow>(page(given), [
    chainOf(filter.workspace_id),
    filter.before ?? top,
    filter.take,
    ...given.map((name) => filter[name]),
  ]);
}
