import type { SourceRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { locatorOf } from "../../tenancy/membership/repository.ts";
import type { Db, Tx } from "../../world.ts";

export const locateSource = locatorOf("source", "sources");

// Plan: sources_page_idx from the cursor on; no id is below "".
const page = statement("sources_page", `SELECT * FROM sources WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3`);
export const listSources = (db: Db, workspaceId: string, after: string | null, take: number): Promise<SourceRow[]> =>
  db.query<SourceRow>(page, [workspaceId, after ?? "", take]);

const insert = statement(
  "source_insert",
  `INSERT INTO sources (id, workspace_id, snapshot_id, digest, size_bytes, file_count, ignored_count, actor)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb) RETURNING *`,
);
export const insertSource = async (tx: Tx, row: Omit<SourceRow, "created_at">): Promise<SourceRow> =>
  (await tx.one<SourceRow>(insert, [
    row.id,
    row.workspace_id,
    row.snapshot_id,
    row.digest,
    row.size_bytes,
    row.file_count,
    row.ignored_count,
    JSON.stringify(row.actor),
  ])) as SourceRow;

const hold = statement("source_hold", `SELECT * FROM sources WHERE id = $1 FOR UPDATE`);
export const holdSource = (tx: Tx, id: string): Promise<SourceRow | null> => tx.one<SourceRow>(hold, [id]);
// Plan: capsules_source_idx.
const users = statement("source_users", `SELECT id, name FROM capsules WHERE source_id = $1 AND deleted_at IS NULL ORDER BY id LIMIT $2`);
export const usersOfSource = (tx: Tx, id: string, take: number): Promise<{ id: string; name: string }[]> => tx.query(users, [id, take]);
const remove = statement("source_delete", `DELETE FROM sources WHERE id = $1`);
export const deleteSource = (tx: Tx, id: string): Promise<object[]> => tx.query(remove, [id]);
