import type { StateVersionRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db } from "../../world.ts";

export type ListedState = Omit<StateVersionRow, "outputs" | "workspace_id" | "previous_id">;

// Plan: state_versions_page_idx, backwards. Outputs stay where they are: they may be large.
const page = statement(
  "state_versions_page",
  `SELECT id, capsule_id, serial, lineage, digest, size_bytes, resource_count, run_id, created_at
     FROM state_versions WHERE capsule_id = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
);
/** Newest first. */
export const listStates = (db: Db, capsuleId: string, before: string | null, take: number): Promise<ListedState[]> =>
  db.query<ListedState>(page, [capsuleId, before, take]);
