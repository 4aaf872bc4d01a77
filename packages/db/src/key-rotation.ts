import { dataKeyColumns, type NewDataKey, type StoredDataKey } from "./data-keys.ts";
import type { Db, Queries } from "./db.ts";
import { statement } from "./sql.ts";

const canaryText = statement("canary_read", "SELECT value #>> '{}' AS value FROM instance_settings WHERE name = 'key_canary'");
const canarySwap = statement(
  "canary_swap",
  "UPDATE instance_settings SET value = to_jsonb($2::text), updated_at = now() WHERE name = 'key_canary' AND value #>> '{}' = $1 RETURNING name",
);
// Few rows: some a Workspace.
const under = statement("data_keys_under_others", `SELECT ${dataKeyColumns} FROM data_keys WHERE master_key_id <> $1 ORDER BY id LIMIT $2`);
const rewrap = statement(
  "data_key_rewrap",
  "UPDATE data_keys SET master_key_id = $3, wrapped = $4 WHERE id = $1 AND wrapped = $2 RETURNING id",
);
const workspaces = statement("data_key_workspaces", "SELECT workspace_id AS id FROM data_keys WHERE retired_at IS NULL ORDER BY 1");
const retire = statement(
  "data_key_retire",
  "UPDATE data_keys SET retired_at = now() WHERE workspace_id = $1 AND retired_at IS NULL RETURNING id",
);
const replaced = statement(
  "data_keys_replaced",
  `SELECT ${dataKeyColumns} FROM data_keys WHERE retired_at IS NOT NULL AND closed_at IS NULL AND id > $1 ORDER BY id LIMIT $2`,
);
const close = statement(
  "data_key_close",
  "UPDATE data_keys SET closed_at = now(), master_key_id = $3, wrapped = $4 WHERE id = $1 AND wrapped = $2 AND retired_at IS NOT NULL",
);
const replace = statement("data_key_replace", "INSERT INTO data_keys (id, workspace_id, master_key_id, wrapped) VALUES ($1, $2, $3, $4)");

export const readCanary = async (db: Queries): Promise<string | null> => (await db.one<{ value: string }>(canaryText))?.value ?? null;
/** From here on no data key is made under the master key of the canary before. False where somebody else rotated at the same moment. */
export const swapCanary = async (db: Queries, before: string, after: string): Promise<boolean> =>
  (await db.one(canarySwap, [before, after])) !== null;

/** Data keys under other master keys than this one, a batch at a time, until there is none. */
export async function* dataKeysUnderOthers(db: Queries, master: string): AsyncGenerator<StoredDataKey> {
  for (let batch = await db.query<StoredDataKey>(under, [master, 100]); batch.length > 0; batch = await db.query(under, [master, 100]))
    yield* batch;
}
export const saveRewrapped = async (db: Queries, row: NewDataKey, before: NewDataKey): Promise<void> =>
  void (await db.query(rewrap, [row.id, before.wrapped, row.master_key_id, row.wrapped]));

export const keyedWorkspaces = async (db: Queries): Promise<string[]> => (await db.query<{ id: string }>(workspaces)).map(({ id }) => id);
/** A new data key takes the place of the current one, which opens from now on and seals no more. */
export const replaceDataKey = (db: Db, row: NewDataKey): Promise<void> =>
  db.transaction(async (tx) => {
    await tx.query(retire, [row.workspace]);
    await tx.query(replace, [row.id, row.workspace, row.master_key_id, row.wrapped]);
  });
/** From here on no MAC under any key that was replaced proves anything. `closed`: such a key wrapped as a closed one. */
export async function closeReplacedKeys(db: Queries, closed: (row: StoredDataKey) => Promise<NewDataKey>): Promise<void> {
  for (let after = ""; ; ) {
    const batch = await db.query<StoredDataKey>(replaced, [after, 100]);
    for (const before of batch) {
      const row = await closed(before);
      await db.query(close, [before.id, before.wrapped, row.master_key_id, row.wrapped]);
    }
    const last = batch.at(-1);
    if (!last) return;
    after = last.id;
  }
}
