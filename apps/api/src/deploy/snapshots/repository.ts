import type { SourceSnapshotRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Tx } from "../../world.ts";

const keep = statement(
  "snapshot_keep",
  `INSERT INTO source_snapshots (id, workspace_id, origin, digest, size_bytes, paths) VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT (workspace_id, digest, coalesce(commit, '')) DO UPDATE SET digest = excluded.digest RETURNING id`,
);
/** The snapshot of these bytes: the one that is there, or a new one. */
export const keepSnapshot = async (
  tx: Tx,
  row: Pick<SourceSnapshotRow, "id" | "workspace_id" | "origin" | "digest" | "size_bytes"> & { readonly paths: readonly string[] },
): Promise<string> => {
  const values = [row.id, row.workspace_id, row.origin, row.digest, row.size_bytes, row.paths];
  return ((await tx.one<{ id: string }>(keep, values)) as { id: string }).id;
};

/** An uploaded source with the paths of its snapshot. It is not deleted until the transaction ends. */
const uploaded = statement(
  "snapshot_of_source",
  `SELECT s.id, s.snapshot_id, s.digest, s.size_bytes, n.paths FROM sources s JOIN source_snapshots n ON n.id = s.snapshot_id
   WHERE s.id = $1 AND s.workspace_id = $2 FOR KEY SHARE OF s`,
);
export interface UploadedSnapshot extends Pick<SourceSnapshotRow, "id" | "digest" | "size_bytes" | "paths"> {
  readonly snapshot_id: string;
}
/** Null where it is missing or another Workspace's. */
export const uploadedSnapshot = (tx: Tx, sourceId: string, workspaceId: string): Promise<UploadedSnapshot | null> =>
  tx.one<UploadedSnapshot>(uploaded, [sourceId, workspaceId]);
