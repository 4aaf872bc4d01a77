import type { Queries } from "./db.ts";
import { statement } from "./sql.ts";

/** A data key as the keyring sees it: wrapped, so that a row alone opens nothing. */
export interface StoredDataKey {
  readonly id: string;
  readonly workspace: string;
  readonly master_key_id: string;
  readonly wrapped: string;
  /** A MAC under it proves nothing any more. */
  readonly closed: boolean;
}

export type NewDataKey = Omit<StoredDataKey, "closed">;

export const dataKeyColumns = "id, workspace_id AS workspace, master_key_id, wrapped, closed_at IS NOT NULL AS closed";
// Each by an index: data_keys_current_key, data_keys_pkey.
const currentKey = statement("data_key_current", `SELECT ${dataKeyColumns} FROM data_keys WHERE workspace_id = $1 AND retired_at IS NULL`);
const keyById = statement("data_key_by_id", `SELECT ${dataKeyColumns} FROM data_keys WHERE id = $1`);
/** Refused where another master key is the current one by now; who rotates it waits for inserts that are under way, and they for it. */
const insertKey = statement(
  "data_key_insert",
  `WITH master AS (SELECT value #>> '{}' AS canary FROM instance_settings WHERE name = 'key_canary' FOR SHARE)
   INSERT INTO data_keys (id, workspace_id, master_key_id, wrapped)
   SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM master WHERE split_part(canary, '.', 2) <> $3)
   ON CONFLICT (workspace_id) WHERE retired_at IS NULL DO NOTHING RETURNING ${dataKeyColumns}`,
);

const masterId = statement(
  "master_key_id",
  `SELECT split_part(value #>> '{}', '.', 2) AS id FROM instance_settings WHERE name = 'key_canary'`,
);

/** The keyring's store. Where two processes make the first key of a Workspace at once, both get the one that was first. */
export const dataKeyStore = (db: Queries) => ({
  current: (workspace: string): Promise<StoredDataKey | null> => db.one(currentKey, [workspace]),
  byId: (id: string): Promise<StoredDataKey | null> => db.one(keyById, [id]),
  masterKeyId: async (): Promise<string | null> => (await db.one<{ id: string }>(masterId))?.id ?? null,
  async insert(key: NewDataKey): Promise<StoredDataKey | null> {
    const inserted = await db.one<StoredDataKey>(insertKey, [key.id, key.workspace, key.master_key_id, key.wrapped]);
    return inserted ?? db.one<StoredDataKey>(currentKey, [key.workspace]);
  },
});
