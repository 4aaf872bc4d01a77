import type { Queries } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

const inWorkspace = (table: string, and = "true") =>
  statement(`${table}_owned_in`, `SELECT id FROM ${table} WHERE workspace_id = $1 AND id = ANY($2::text[]) AND ${and}`);
const tables = {
  project: inWorkspace("projects"),
  capsule: inWorkspace("capsules", "deleted_at IS NULL"),
  connection: inWorkspace("connections", "revoked_at IS NULL"),
  source: inWorkspace("sources"),
  secret: inWorkspace("secrets"),
  run: inWorkspace("runs"),
};
export type Nested = keyof typeof tables;

export const ownedIds = async (db: Queries, entity: Nested, workspaceId: string, ids: readonly string[]): Promise<Set<string>> =>
  new Set((await db.query<{ id: string }>(tables[entity], [workspaceId, ids])).map(({ id }) => id));
