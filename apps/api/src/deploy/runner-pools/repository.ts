import type { Role } from "@takosumi/contracts/access";
import type { Queries } from "@takosumi/db/db";
import type { RunnerPoolRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Locator, Rows, Tx } from "../../world.ts";

/**
 * The locator of what stands in a pool, by the column that names it. In a pool of a Workspace a member is what they are there; in one of
 * the instance everybody may look, and an instance admin may do everything. By primary keys, in one statement.
 */
export function locatorInPool<E extends "runner" | "runner_pool" | "runner_token">(entity: E, table: string, pool: string): Locator<E> {
  const find = statement(
    `${entity}_locate`,
    `SELECT located.*, p.workspace_id AS pool_workspace_id,
       CASE WHEN p.workspace_id IS NOT NULL THEN member.role WHEN reader.is_instance_admin THEN 'owner' ELSE 'viewer' END AS reader_role
     FROM ${table} located JOIN runner_pools p ON p.id = located.${pool} JOIN users reader ON reader.id = $2
       LEFT JOIN members member ON member.workspace_id = p.workspace_id AND member.user_id = $2
     WHERE located.id = $1 AND (p.workspace_id IS NULL OR member.role IS NOT NULL)`,
  );
  return async (db, id, reader) => {
    if (id === undefined || !reader) return null;
    const found = await db.one<Rows[E] & { readonly reader_role: Role; readonly pool_workspace_id: string | null }>(find, [id, reader.id]);
    if (!found) return null;
    const { reader_role: role, pool_workspace_id: workspace_id, ...row } = found;
    return { row: row as unknown as Rows[E], role, workspace_id };
  };
}
export const locatePool = locatorInPool("runner_pool", "runner_pools", "id");

export interface ListedPool extends RunnerPoolRow {
  readonly total: number;
  readonly online: number;
}
// Plan: runner_pools_pkey from the cursor on; of each pool its runners by runners_pool_idx.
const page = statement(
  "runner_pools_page",
  `SELECT p.*, n.total, n.online FROM runner_pools p, LATERAL (
     SELECT count(*)::int AS total, count(*) FILTER (WHERE last_seen_at > now() - $4 * interval '1 second' AND NOT draining)::int AS online
     FROM runners WHERE pool = p.id
   ) n WHERE (p.workspace_id IS NULL OR p.workspace_id = $1) AND p.id > $2 ORDER BY p.id LIMIT $3`,
);
export const listPools = (db: Db, workspaceId: string, after: string | null, take: number, onlineSeconds: number): Promise<ListedPool[]> =>
  db.query<ListedPool>(page, [workspaceId, after ?? "", take, onlineSeconds]);

// Plan: runner_pools_name_key.
const named = statement("runner_pool_named", `SELECT id FROM runner_pools WHERE coalesce(workspace_id, '') = $1 AND name = $2`);
/** Whether a Workspace has a pool of its own by this name. */
export const hasPool = async (db: Queries, workspaceId: string, name: string): Promise<boolean> =>
  (await db.one(named, [workspaceId, name])) !== null;

const insert = statement(
  "runner_pool_insert",
  `INSERT INTO runner_pools (id, workspace_id, name) VALUES ($1, $2, $3) ON CONFLICT (coalesce(workspace_id, ''), name) DO NOTHING RETURNING *`,
);
/** Null where the name is taken in the Workspace. */
export const insertPool = (tx: Tx, id: string, workspaceId: string, name: string): Promise<RunnerPoolRow | null> =>
  tx.one<RunnerPoolRow>(insert, [id, workspaceId, name]);
