import type { Role } from "@takosumi/contracts/access";
import type { Queries } from "@takosumi/db/db";
import type { WorkspaceRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Locator, Tx } from "../../world.ts";

/** A space as a member of it sees it; `moment` is when it last changed, in microseconds. */
export type JoinedSpace = WorkspaceRow & { readonly reader_role: Role; readonly moment: number };
// Plan: members_user_id_idx, each space by its key; a person is a member of few.
const page = statement(
  "spaces_page",
  `SELECT * FROM (SELECT w.*, m.role AS reader_role, (extract(epoch FROM w.updated_at) * 1000000)::bigint AS moment
       FROM members m JOIN workspaces w ON w.id = m.workspace_id WHERE m.user_id = $1) s
    WHERE $2::bigint IS NULL OR (s.moment, s.id) < ($2::bigint, $3::text) ORDER BY s.moment DESC, s.id DESC LIMIT $4`,
);
export function listSpaces(db: Db, userId: string, after: string | null, take: number): Promise<JoinedSpace[]> {
  const [moment = null, id = null] = after?.split(" ") ?? [];
  return db.query<JoinedSpace>(page, [userId, moment, id, take]);
}

const owned = statement("spaces_owned", "SELECT count(*) AS count FROM workspaces WHERE owner_id = $1 AND deleted_at IS NULL");
export const countOwned = async (tx: Queries, userId: string): Promise<number> =>
  (await tx.one<{ count: number }>(owned, [userId]))?.count ?? 0;

/** It is called by its id until it has a name. */
const insert = statement(
  "space_insert",
  `INSERT INTO workspaces (id, slug, name, description, kind, owner_id) VALUES ($1, $1, $2, $3, 'team', $4) RETURNING *`,
);
export const insertSpace = async (tx: Tx, row: Pick<WorkspaceRow, "id" | "name" | "description" | "owner_id">): Promise<WorkspaceRow> =>
  (await tx.one<WorkspaceRow>(insert, [row.id, row.name, row.description, row.owner_id])) as WorkspaceRow;
const slug = statement("space_slug", "UPDATE workspaces SET slug = $2 WHERE id = $1 RETURNING *");
export const writeSlug = async (tx: Tx, id: string, value: string): Promise<WorkspaceRow> =>
  (await tx.one<WorkspaceRow>(slug, [id, value])) as WorkspaceRow;

const hold = statement("space_hold", "SELECT * FROM workspaces WHERE id = $1 FOR UPDATE");
export const holdSpace = async (tx: Tx, id: string): Promise<WorkspaceRow> => (await tx.one<WorkspaceRow>(hold, [id])) as WorkspaceRow;

const update = statement(
  "space_update",
  `UPDATE workspaces SET name = $2, description = $3, security_posture = $4, ai_model = $5, updated_at = now() WHERE id = $1 RETURNING *`,
);
export const updateSpace = async (
  tx: Tx,
  row: Pick<WorkspaceRow, "id" | "name" | "description" | "security_posture" | "ai_model">,
): Promise<WorkspaceRow> =>
  (await tx.one<WorkspaceRow>(update, [row.id, row.name, row.description, row.security_posture, row.ai_model])) as WorkspaceRow;

const owner = statement("space_owner", "UPDATE workspaces SET owner_id = $2, updated_at = now() WHERE id = $1 RETURNING *");
export const writeOwner = async (tx: Tx, id: string, userId: string): Promise<WorkspaceRow> =>
  (await tx.one<WorkspaceRow>(owner, [id, userId])) as WorkspaceRow;

// Plans: capsules_page_idx; runs_workspace_status_idx.
const holding = statement(
  "space_holding",
  `SELECT id, name FROM capsules WHERE workspace_id = $1 AND deleted_at IS NULL
     AND (resource_count > 0 OR (resource_count IS NULL AND current_state_version_id IS NOT NULL AND status <> 'destroyed')) ORDER BY id LIMIT $2`,
);
export const capsulesHolding = (tx: Tx, id: string, take: number) => tx.query<{ id: string; name: string }>(holding, [id, take]);
const running = statement(
  "space_open_runs",
  `SELECT id, status FROM runs WHERE workspace_id = $1 AND status IN ('queued', 'running', 'planned', 'awaiting_approval', 'needs_recovery') LIMIT $2`,
);
export const openRuns = (tx: Tx, id: string, take: number) => tx.query<{ id: string; status: string }>(running, [id, take]);

/** Without members it is nobody's to see, wherever it is asked for. */
const bury = statement(
  "space_bury",
  `WITH gone AS (DELETE FROM members WHERE workspace_id = $1 RETURNING user_id, role, sequence),
        kept AS (SELECT jsonb_agg(jsonb_build_object('user_id', user_id, 'role', role) ORDER BY sequence) AS members FROM gone)
   UPDATE workspaces SET deleted_at = now(), updated_at = now(), slug = id, former_members = kept.members FROM kept WHERE id = $1 RETURNING workspaces.*`,
);
export const burySpace = async (tx: Tx, id: string): Promise<WorkspaceRow> => (await tx.one<WorkspaceRow>(bury, [id])) as WorkspaceRow;

const deleted = statement(
  "space_deleted_locate",
  `SELECT w.* FROM workspaces w WHERE w.owner_id = $2 AND w.deleted_at > now() - interval '7 days' AND w.purged_at IS NULL
     AND (w.id = $1 OR w.id = (SELECT workspace_id FROM names WHERE name = $1))`,
);
/** A space that its owner may still bring back. */
export const locateDeleted: Locator<"deleted_workspace"> = async (db, id, reader) => {
  if (id === undefined || !reader) return null;
  const row = await db.one<WorkspaceRow>(deleted, [id, reader.id]);
  return row && { row, role: "owner", workspace_id: row.id };
};
const formerName = statement(
  "space_former_name",
  "SELECT name FROM names WHERE workspace_id = $1 ORDER BY released_at DESC NULLS FIRST LIMIT 1",
);
export const formerNameOf = async (tx: Tx, id: string): Promise<string | null> =>
  (await tx.one<{ name: string }>(formerName, [id]))?.name ?? null;
const restore = statement(
  "space_restore",
  `WITH back AS (INSERT INTO members (workspace_id, user_id, role)
       SELECT $1, f.user_id, f.role FROM workspaces w, jsonb_to_recordset(w.former_members) AS f (user_id text, role text)
        WHERE w.id = $1 AND EXISTS (SELECT FROM users u WHERE u.id = f.user_id))
   UPDATE workspaces SET deleted_at = NULL, former_members = NULL, slug = $2, updated_at = now() WHERE id = $1 RETURNING *`,
);
export const restoreSpace = async (tx: Tx, id: string, name: string): Promise<WorkspaceRow> =>
  (await tx.one<WorkspaceRow>(restore, [id, name])) as WorkspaceRow;

const due = statement(
  "spaces_due_purge",
  `SELECT id FROM workspaces WHERE deleted_at <= now() - interval '7 days' AND purged_at IS NULL ORDER BY deleted_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
);
export const duePurges = async (tx: Tx, take: number): Promise<string[]> =>
  (await tx.query<{ id: string }>(due, [take])).map(({ id }) => id);
/** Without its data keys nothing that was sealed in it can be read, wherever a copy lies. */
const purge = statement(
  "space_purge",
  `WITH keys AS (DELETE FROM data_keys WHERE workspace_id = $1)
   UPDATE workspaces SET purged_at = now(), former_members = NULL WHERE id = $1`,
);
export const purgeSpace = (tx: Tx, id: string) => tx.query(purge, [id]);

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly updated_at: Date;
}
// Plans: projects_page_idx, capsules_page_idx.
const projects = statement(
  "space_export_projects",
  "SELECT id, name, updated_at FROM projects WHERE workspace_id = $1 AND deleted_at IS NULL ORDER BY id LIMIT $2",
);
export const exportedProjects = (db: Db, id: string, take: number) => db.query<Listed>(projects, [id, take]);
const capsules = statement(
  "space_export_capsules",
  "SELECT id, name, updated_at FROM capsules WHERE workspace_id = $1 AND deleted_at IS NULL ORDER BY id LIMIT $2",
);
export const exportedCapsules = (db: Db, id: string, take: number) => db.query<Listed>(capsules, [id, take]);
