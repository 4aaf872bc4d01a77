import type { Actor } from "@takosumi/contracts/deploy/run";
import { newId } from "@takosumi/contracts/ids";
import type { CapsuleRow, SourceSnapshotRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { locatorOf } from "../../tenancy/membership.ts";
import type { Db, Tx } from "../../world.ts";

export const locateCapsule = locatorOf("capsule", "capsules", "located.deleted_at IS NULL");

const page = (name: string, scope: string) =>
  statement(
    name,
    `SELECT * FROM capsules WHERE ${scope} = $1 AND deleted_at IS NULL AND ($2::text IS NULL OR id > $2) AND ($3::text IS NULL OR status = $3) ORDER BY id LIMIT $4`,
  );
const byProject = page("capsules_page_project", "project_id");
const byWorkspace = page("capsules_page_workspace", "workspace_id");

const columns = "name, status, source, source_snapshot_id, module_path, tool_name, tool_version, variables, provider_bindings, policy";
/** $1 the row as JSON. */
const insert = statement(
  "capsule_insert",
  `INSERT INTO capsules (id, workspace_id, project_id, ${columns})
   SELECT id, workspace_id, project_id, ${columns} FROM jsonb_populate_record(NULL::capsules, $1::jsonb) RETURNING *`,
);
/** Only where nobody changed the configuration since it was read. $1 the row as JSON, $2 the revision that it was read at. */
const change = statement(
  "capsule_update",
  `UPDATE capsules c SET (${columns}, config_revision, updated_at) = (SELECT ${columns}, config_revision, now()
     FROM jsonb_populate_record(NULL::capsules, $1::jsonb))
   WHERE c.id = ($1::jsonb ->> 'id') AND c.config_revision = $2 AND c.deleted_at IS NULL RETURNING c.*`,
);
const hold = statement("capsule_hold", `SELECT * FROM capsules WHERE id = $1 AND deleted_at IS NULL FOR UPDATE`);
const bury = statement("capsule_delete", `UPDATE capsules SET deleted_at = now(), updated_at = now() WHERE id = $1 AND deleted_at IS NULL RETURNING *`);
/** Plan: runs_open_idx. */
const openRun = statement(
  "capsule_open_run",
  `SELECT id, status FROM runs WHERE capsule_id = $1 AND status IN ('queued', 'running', 'planned', 'awaiting_approval', 'needs_recovery') ORDER BY id LIMIT 1`,
);
const lock = statement(
  "capsule_lock",
  `UPDATE capsules SET lock_actor = $2::jsonb, lock_reason = $3, locked_at = now(), updated_at = now() WHERE id = $1 RETURNING *`,
);
const unlock = statement(
  "capsule_unlock",
  `WITH freed AS (UPDATE capsules SET lock_actor = NULL, lock_reason = NULL, locked_at = NULL, updated_at = now() WHERE id = $1 RETURNING *),
     told AS (SELECT pg_notify('takosumi_queue', pool) FROM runs WHERE capsule_id = $1 AND status = 'queued' LIMIT 10)
   SELECT freed.*, (SELECT count(*) FROM told) AS told FROM freed`,
);
const forgetUses = statement("secret_uses_clear", `DELETE FROM secret_uses WHERE capsule_id = $1`);
const keepUses = statement("secret_uses_put", `INSERT INTO secret_uses (secret_id, capsule_id) SELECT unnest($2::text[]), $1`);
/** The snapshot of these bytes, made once a Workspace. $1 id, $2 Workspace, $3 origin, $4 digest, $5 bytes, $6 paths. */
const snapshot = statement(
  "snapshot_put",
  `INSERT INTO source_snapshots (id, workspace_id, origin, digest, size_bytes, paths) VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT (workspace_id, digest, coalesce(commit, '')) DO UPDATE SET digest = excluded.digest RETURNING *`,
);

export type NewCapsule = Pick<
  CapsuleRow,
  "id" | "workspace_id" | "project_id" | "name" | "status" | "source" | "source_snapshot_id" | "module_path" | "tool_name" | "tool_version" | "variables" | "provider_bindings" | "policy"
>;

export const listCapsules = (db: Db, scope: { project?: string | undefined; workspace: string }, after: string | null, status: string | undefined, take: number) =>
  db.query<CapsuleRow>(scope.project === undefined ? byWorkspace : byProject, [scope.project ?? scope.workspace, after, status ?? null, take]);
export const insertCapsule = async (tx: Tx, capsule: NewCapsule): Promise<CapsuleRow> => (await tx.one<CapsuleRow>(insert, [JSON.stringify(capsule)])) as CapsuleRow;
export const updateCapsule = (tx: Tx, capsule: NewCapsule & { readonly config_revision: number }, readAt: number): Promise<CapsuleRow | null> =>
  tx.one<CapsuleRow>(change, [JSON.stringify(capsule), readAt]);
export const holdCapsule = (tx: Tx, id: string): Promise<CapsuleRow | null> => tx.one<CapsuleRow>(hold, [id]);
export const buryCapsule = (tx: Tx, id: string): Promise<CapsuleRow | null> => tx.one<CapsuleRow>(bury, [id]);
export const openRunOf = (tx: Tx, id: string): Promise<{ id: string; status: string } | null> => tx.one(openRun, [id]);
export const lockCapsule = async (tx: Tx, id: string, actor: Actor, reason: string): Promise<CapsuleRow> =>
  (await tx.one<CapsuleRow>(lock, [id, JSON.stringify(actor), reason])) as CapsuleRow;
export const unlockCapsule = async (tx: Tx, id: string): Promise<CapsuleRow> => (await tx.one<CapsuleRow>(unlock, [id])) as CapsuleRow;
export async function useSecrets(tx: Tx, capsule: string, secrets: readonly string[]): Promise<void> {
  await tx.query(forgetUses, [capsule]);
  if (secrets.length > 0) await tx.query(keepUses, [capsule, [...new Set(secrets)]]);
}
export const keepSnapshot = async (tx: Tx, source: Pick<SourceSnapshotRow, "workspace_id" | "origin" | "digest" | "size_bytes" | "paths">): Promise<SourceSnapshotRow> =>
  (await tx.one<SourceSnapshotRow>(snapshot, [newId("snap_"), source.workspace_id, source.origin, source.digest, source.size_bytes, source.paths])) as SourceSnapshotRow;
