import type { CommonEnvRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Tx } from "../../world.ts";

// Plan: common_env_pkey.
const list = statement("common_env_list", "SELECT * FROM common_env WHERE workspace_id = $1 ORDER BY name LIMIT $2");
export const listCommonEnv = (db: Db, workspaceId: string, take: number): Promise<CommonEnvRow[]> =>
  db.query<CommonEnvRow>(list, [workspaceId, take]);
const one = statement("common_env_one", "SELECT * FROM common_env WHERE workspace_id = $1 AND name = $2");
export const readCommonEnv = (db: Pick<Db, "one">, workspaceId: string, name: string): Promise<CommonEnvRow | null> =>
  db.one<CommonEnvRow>(one, [workspaceId, name]);

const count = statement("common_env_count", "SELECT count(*) AS count FROM common_env WHERE workspace_id = $1 AND name <> $2");
export const countOthers = async (tx: Tx, workspaceId: string, name: string): Promise<number> =>
  (await tx.one<{ count: number }>(count, [workspaceId, name]))?.count ?? 0;
const put = statement(
  "common_env_put",
  `INSERT INTO common_env (workspace_id, name, secret, sealed) VALUES ($1, $2, $3, $4)
   ON CONFLICT (workspace_id, name) DO UPDATE SET secret = excluded.secret, sealed = excluded.sealed, updated_at = now() RETURNING *`,
);
export const putCommonEnv = async (tx: Tx, row: Omit<CommonEnvRow, "updated_at">): Promise<CommonEnvRow> =>
  (await tx.one<CommonEnvRow>(put, [row.workspace_id, row.name, row.secret, row.sealed])) as CommonEnvRow;
const remove = statement("common_env_delete", "DELETE FROM common_env WHERE workspace_id = $1 AND name = $2 RETURNING *");
export const deleteCommonEnv = (tx: Tx, workspaceId: string, name: string): Promise<CommonEnvRow | null> =>
  tx.one<CommonEnvRow>(remove, [workspaceId, name]);

/** A Capsule with a variable of its own of this name does not see that of its space. */
const own = "NOT variables @> jsonb_build_array(jsonb_build_object('kind', 'env', 'name', $2::text))";
const raise = statement(
  "common_env_raise_revisions",
  `UPDATE capsules SET config_revision = config_revision + 1, updated_at = now() WHERE workspace_id = $1 AND deleted_at IS NULL AND ${own}`,
);
/** The Capsules that see it have a configuration of another revision from here on. */
export const raiseRevisions = (tx: Tx, workspaceId: string, name: string) => tx.query(raise, [workspaceId, name]);
// Plan: capsules_page_idx, each row with a look at runs_capsule_status_idx.
const waiting = statement(
  "common_env_capsules_waiting",
  `SELECT c.id FROM capsules c WHERE c.workspace_id = $1 AND c.deleted_at IS NULL AND ${own} AND c.id > $3
     AND EXISTS (SELECT FROM runs r WHERE r.capsule_id = c.id AND r.status IN ('queued', 'planned', 'awaiting_approval'))
   ORDER BY c.id LIMIT $4`,
);
/** Those of them with a Run that waits, by id. */
export const capsulesWaiting = (tx: Tx, workspaceId: string, name: string, after: string, take: number): Promise<{ id: string }[]> =>
  tx.query<{ id: string }>(waiting, [workspaceId, name, after, take]);
