import type { BlobKind } from "@takosumi/blobs/blobs";
import type { Queries } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

/** A column whose values are digests of blobs. `workspace` is an expression over its table `t`. */
export interface NamingColumn {
  readonly kind: BlobKind;
  readonly table: string;
  readonly column: string;
  readonly workspace: string;
}

const own = "t.workspace_id";
/** Every column that names a blob, each found by an index of its digest. A blob that none of them names is removed. */
export const namingColumns: readonly NamingColumn[] = [
  { kind: "source", table: "source_snapshots", column: "digest", workspace: own },
  { kind: "plan", table: "runs", column: "plan_digest", workspace: own },
  { kind: "work", table: "runs", column: "work_digest", workspace: own },
  { kind: "state", table: "state_versions", column: "digest", workspace: own },
  { kind: "state", table: "checkpoints", column: "digest", workspace: own },
  { kind: "log", table: "run_log_segments", column: "digest", workspace: "(SELECT r.workspace_id FROM runs r WHERE r.id = t.run_id)" },
  { kind: "artifact", table: "artifacts", column: "digest", workspace: own },
];

/** $1 Workspace, $2 digests. */
const naming = Map.groupBy(
  namingColumns.map((one) => ({
    ...one,
    query: statement(
      `blob_names_${one.table}_${one.column}`,
      `SELECT DISTINCT t.${one.column} AS digest FROM ${one.table} t WHERE t.${one.column} = ANY ($2::text[]) AND ${one.workspace} = $1`,
    ),
  })),
  ({ kind }) => kind,
);

/** Those of the digests that a row names. Null for a kind that nothing names: what lies there is not judged. */
export async function namedBlobs(
  db: Queries,
  kind: BlobKind,
  workspace: string,
  digests: readonly string[],
): Promise<ReadonlySet<string> | null> {
  const columns = naming.get(kind);
  if (!columns) return null;
  const found = await Promise.all(columns.map(({ query }) => db.query<{ digest: string }>(query, [workspace, digests])));
  return new Set(found.flat().map(({ digest }) => digest));
}
