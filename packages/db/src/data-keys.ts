import type { Queries } from "./db.ts";
import { statement } from "./sql.ts";

/** A data key as the keyring sees it: wrapped, so that a row alone opens nothing. */
export interface StoredDataKey {
  readonly id: string;
  readonly workspace: string;
  readonly master_key_id: string;
  readonly wrapped: string;
}

const columns = "id, workspace_id AS workspace, master_key_id, wrapped";
// Each by an index: data_keys_current_key, data_keys_pkey.
const currentKey = statement("data_key_current", `SELECT ${columns} FROM data_keys WHERE workspace_id = $1 AND retired_at IS NULL`);
const keyById = statement("data_key_by_id", `SELECT ${columns} FROM data_keys WHERE id = $1`);
const insertKey = statement(
  "data_key_insert",
  `INSERT INTO data_keys (id, workspace_id, master_key_id, wrapped) VALUES ($1, $2, $3, $4)
   ON CONFLICT (workspace_id) WHERE retired_at IS NULL DO NOTHING RETURNING ${columns}`,
);

/** The keyring's store. Where two processes make the first key of a Workspace at once, both get the one that was first. */
export const dataKeyStore = (db: Queries) => ({
  current: (workspace: string): Promise<StoredDataKey | null> => db.one(currentKey, [workspace]),
  byId: (id: string): Promise<StoredDataKey | null> => db.one(keyById, [id]),
  async insert(key: StoredDataKey): Promise<StoredDataKey> {
    const inserted = await db.one<StoredDataKey>(insertKey, [key.id, key.workspace, key.master_key_id, key.wrapped]);
    const winner = inserted ?? (await db.one<StoredDataKey>(currentKey, [key.workspace]));
    if (!winner) throw new Error(`The data key of ${key.workspace} was retired while it was made`);
    return winner;
  },
});
