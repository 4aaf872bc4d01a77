import type { Role } from "@takosumi/contracts/access";
import type { StateVersionRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Locator } from "../../world.ts";

/** Outputs stay where they are: they may be large. */
export type ListedState = Omit<StateVersionRow, "outputs" | "workspace_id" | "previous_id">;
const listed = "id, capsule_id, serial, lineage, digest, size_bytes, resource_count, run_id, origin, actor, rolled_back_to, created_at";

// Plan: state_versions_page_idx, backwards from the cursor.
const page = (name: string, below: string) =>
  statement(name, `SELECT ${listed} FROM state_versions WHERE capsule_id = $1 ${below} ORDER BY id DESC LIMIT $2`);
const first = page("state_versions_first", "");
const next = page("state_versions_next", "AND id < $3");
/** Newest first. */
export const listStates = (db: Db, capsuleId: string, before: string | null, take: number): Promise<ListedState[]> =>
  before === null ? db.query<ListedState>(first, [capsuleId, take]) : db.query<ListedState>(next, [capsuleId, take, before]);

const one = statement(
  "state_version_locate",
  `SELECT v.*, member.role AS reader_role FROM state_versions v
     JOIN members member ON member.workspace_id = v.workspace_id AND member.user_id = $3
    WHERE v.id = $1 AND v.capsule_id = $2`,
);
/** Of the Capsule that was located before it. */
export const locateState: Locator<"state_version"> = async (db, id, reader, { kept_capsule: capsule }) => {
  if (id === undefined || !reader || !capsule) return null;
  const found = await db.one<StateVersionRow & { readonly reader_role: Role }>(one, [id, capsule.id, reader.id]);
  if (!found) return null;
  const { reader_role: role, ...row } = found;
  return { row, role, workspace_id: row.workspace_id };
};
