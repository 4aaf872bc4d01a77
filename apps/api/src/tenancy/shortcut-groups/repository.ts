import type { ShortcutItemValue } from "@takosumi/contracts/tenancy/shortcut";
import type { ShortcutGroupRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Locator, Tx } from "../../world.ts";
import { locatorOf } from "../membership/repository.ts";

const inSpace = locatorOf("shortcut_group", "shortcut_groups");
export const locateShortcutGroup: Locator<"shortcut_group"> = async (db, id, reader, within) => {
  const found = await inSpace(db, id, reader, within);
  return found && found.workspace_id === within.workspace?.id ? found : null;
};

// Plan: shortcut_groups_page_idx from the cursor on.
const page = statement("shortcut_groups_page", "SELECT * FROM shortcut_groups WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3");
export const listGroups = (db: Pick<Db, "query">, workspaceId: string, after: string | null, take: number): Promise<ShortcutGroupRow[]> =>
  db.query<ShortcutGroupRow>(page, [workspaceId, after ?? "", take]);
const hold = statement("shortcut_group_hold", "SELECT * FROM shortcut_groups WHERE id = $1 AND bundle_deployment_id IS NULL FOR UPDATE");
/** Null where it is gone, or an app's. */
export const holdGroup = (tx: Tx, id: string): Promise<ShortcutGroupRow | null> => tx.one<ShortcutGroupRow>(hold, [id]);

const insert = statement(
  "shortcut_group_insert",
  "INSERT INTO shortcut_groups (id, workspace_id, name, icon, items) VALUES ($1, $2, $3, $4, $5::jsonb) RETURNING *",
);
type New = Pick<ShortcutGroupRow, "id" | "workspace_id" | "name" | "icon" | "items">;
export const insertGroup = async (tx: Tx, row: New): Promise<ShortcutGroupRow> =>
  (await tx.one<ShortcutGroupRow>(insert, [row.id, row.workspace_id, row.name, row.icon, JSON.stringify(row.items)])) as ShortcutGroupRow;
const update = statement(
  "shortcut_group_update",
  "UPDATE shortcut_groups SET name = $2, icon = $3, items = $4::jsonb, updated_at = now() WHERE id = $1 RETURNING *",
);
export const updateGroup = async (
  tx: Tx,
  row: Pick<New, "id" | "name" | "icon"> & { readonly items: readonly ShortcutItemValue[] },
): Promise<ShortcutGroupRow> =>
  (await tx.one<ShortcutGroupRow>(update, [row.id, row.name, row.icon, JSON.stringify(row.items)])) as ShortcutGroupRow;
const remove = statement("shortcut_group_delete", "DELETE FROM shortcut_groups WHERE id = $1");
export const deleteGroup = (tx: Tx, id: string) => tx.query(remove, [id]);
