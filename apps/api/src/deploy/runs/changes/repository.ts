import type { ChangeAction } from "@takosumi/contracts/deploy/plan";
import type { Queries } from "@takosumi/db/db";
import type { RunChangeRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";

export type ListedChange = Pick<RunChangeRow, "position" | "data">;
export interface ChangeFilter {
  readonly action?: ChangeAction | undefined;
  readonly risk?: string | undefined;
  readonly module?: string | undefined;
  readonly q?: string | undefined;
  /** The position that the page begins after; -1 for the first. */
  readonly after: number;
  readonly take: number;
}

const actions: { readonly [A in ChangeAction]: string } = {
  create: `data->'actions' = '["create"]'`,
  update: `data->'actions' = '["update"]'`,
  delete: `data->'actions' = '["delete"]'`,
  replace: `data->'actions' @> '["create", "delete"]'`,
  forget: `data->'actions' @> '["forget"]'`,
  import: `data->>'import_id' IS NOT NULL`,
  move: `data->>'previous_address' IS NOT NULL`,
  read: `data->'actions' = '["read"]'`,
  "no-op": `data->'actions' = '["no-op"]'`,
};
const filters = {
  risk: (n: number) => `AND risk = $${n}`,
  module: (n: number) => `AND coalesce(data->>'module', '') = $${n}`,
  q: (n: number) => `AND strpos(lower(address), lower($${n})) > 0`,
} as const;
const names = ["risk", "module", "q"] as const;

/** $1 Run, $2 the cursor, $3 rows, then the values of the filters. Plan: run_changes' primary key; a Run has at most 20,000. */
const page = (action: ChangeAction | undefined, given: readonly (typeof names)[number][]) =>
  statement(
    ["changes_page", ...(action ? [action.replace("-", "_")] : []), ...given].join("_"),
    `SELECT position, data FROM run_changes WHERE run_id = $1 AND position > $2 ${action ? `AND ${actions[action]}` : ""}
     ${given.map((name, i) => filters[name](i + 4)).join(" ")} ORDER BY position LIMIT $3`,
  );

/** One page of a plan's changes, the riskiest first. */
export function listChanges(db: Queries, runId: string, { action, after, take, ...filter }: ChangeFilter): Promise<ListedChange[]> {
  const given = names.filter((name) => filter[name] !== undefined);
  return db.query<ListedChange>(page(action, given), [runId, after, take, ...given.map((name) => filter[name])]);
}
