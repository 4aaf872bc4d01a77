import type { StateVersionRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db } from "../../world.ts";

export type ListedState = Omit<StateVersionRow, "outputs" | "workspace_id" | "previous_id">;

// Plan: state_versions_page_idx, backwards from the cursor. Outputs stay where they are: they may be large.
const page = (name: string, below: string) =>
  statement(
    name,
    `SELECT id, capsule_id, serial, lineage, digest, size_bytes, resource_count, run_id, created_at
       FROM state_versions WHERE capsule_id = $1 ${below} ORDER BY id DESC LIMIT $2`,
  );
const first = page("state_versions_first", "");
const next = page("state_versions_next", "AND id < $3");
/** Newest first. */
export const listStates = (db: Db, capsuleId: string, before: string | null, take: number): Promise<ListedState[]> =>
  before === null ? db.query<ListedState>(first, [capsuleId, take]) : db.query<ListedState>(next, [capsuleId, take, before]);
