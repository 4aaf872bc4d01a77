import type { ArtifactRow, RunChangeRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { runById } from "@takosumi/run-engine/queries/snapshot";
import { locatorOf } from "../../tenancy/membership/repository.ts";
import type { Db, Locator, Tx } from "../../world.ts";
import { locateRun } from "../runs/repository.ts";
import { ownArtifact } from "./own.ts";

const locateKept = locatorOf("artifact", "artifacts");

/** One that somebody kept, or one that a Run has by itself. */
export const locateArtifact: Locator<"artifact"> = async (db, id, reader, within) => {
  const own = id === undefined ? null : ownArtifact(id);
  if (!own) return locateKept(db, id, reader, within);
  const found = await locateRun(db, own.run_id, reader, within);
  const row = found && own.of(found.row);
  return row ? { ...found, row } : null;
};

// Plan: artifacts_page_idx from the cursor on; no id is below "".
const page = statement("artifacts_page", `SELECT * FROM artifacts WHERE run_id = $1 AND id > $2 ORDER BY id LIMIT $3`);
export const listArtifacts = (db: Db, runId: string, after: string | null, take: number): Promise<ArtifactRow[]> =>
  db.query<ArtifactRow>(page, [runId, after ?? "", take]);

export const runOf = (db: Db, id: string): Promise<RunRow | null> => db.one<RunRow>(runById, [id]);
// Plan: a range of the primary key of run_changes.
const changes = statement(
  "artifact_changes",
  `SELECT position, data FROM run_changes WHERE run_id = $1 AND position > $2 ORDER BY position LIMIT $3`,
);
export const changesAfter = (db: Db, runId: string, position: number, take: number): Promise<Pick<RunChangeRow, "position" | "data">[]> =>
  db.query(changes, [runId, position, take]);

type Fresh = Omit<ArtifactRow, "created_at">;
const insert = statement(
  "artifact_insert",
  `INSERT INTO artifacts (id, workspace_id, run_id, type, title, content_type, digest, size_bytes, file_id, metadata, created_by)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11::jsonb) RETURNING *`,
);
export const insertArtifact = async (tx: Tx, row: Fresh): Promise<ArtifactRow> =>
  (await tx.one<ArtifactRow>(insert, [
    row.id,
    row.workspace_id,
    row.run_id,
    row.type,
    row.title,
    row.content_type,
    row.digest,
    row.size_bytes,
    row.file_id,
    JSON.stringify(row.metadata),
    JSON.stringify(row.created_by),
  ])) as ArtifactRow;
