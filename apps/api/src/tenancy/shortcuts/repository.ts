import type { ShortcutRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Locator, Tx } from "../../world.ts";

/** A shortcut with what its target is now; null where it is gone. */
export interface ShownRow extends ShortcutRow {
  readonly service_status: string | null;
  readonly resource_name: string | null;
  readonly resource_type_name: string | null;
}

const find = statement(
  "shortcut_locate",
  "SELECT s.* FROM shortcuts s JOIN members m ON m.workspace_id = s.workspace_id AND m.user_id = s.user_id WHERE s.id = $1 AND s.user_id = $2",
);
/** One's own, in a space that one still belongs to. */
export const locateShortcut: Locator<"shortcut"> = async (db, id, reader) => {
  if (id === undefined || !reader) return null;
  const row = await db.one<ShortcutRow>(find, [id, reader.id]);
  return row && { row, role: "owner", workspace_id: row.workspace_id };
};

const shown = `SELECT s.*, c.status AS service_status, coalesce(c.name, n.name) AS resource_name, n.provider AS resource_type_name`;
const joined = `LEFT JOIN capsules c ON s.resource_type = 'service' AND c.id = s.resource_id AND c.workspace_id = s.workspace_id AND c.deleted_at IS NULL
  LEFT JOIN connections n ON s.resource_type = 'resource' AND n.id = s.resource_id AND n.workspace_id = s.workspace_id AND n.revoked_at IS NULL`;
// Plan: shortcuts_order_idx.
const list = statement(
  "shortcuts_list",
  `${shown} FROM shortcuts s ${joined} WHERE s.user_id = $1 AND s.workspace_id = $2 ORDER BY s.position, s.created_at LIMIT $3`,
);
export const listShortcuts = (db: Pick<Db, "query">, userId: string, workspaceId: string, take: number): Promise<ShownRow[]> =>
  db.query<ShownRow>(list, [userId, workspaceId, take]);

const insert = statement(
  "shortcut_insert",
  `WITH s AS (INSERT INTO shortcuts (id, user_id, workspace_id, resource_type, resource_id, name, icon, position)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 0) RETURNING *)
   ${shown} FROM s ${joined}`,
);
export const insertShortcut = async (tx: Tx, row: Omit<ShortcutRow, "position" | "created_at" | "updated_at">): Promise<ShownRow> =>
  (await tx.one<ShownRow>(insert, [
    row.id,
    row.user_id,
    row.workspace_id,
    row.resource_type,
    row.resource_id,
    row.name,
    row.icon,
  ])) as ShownRow;

const update = statement(
  "shortcut_update",
  "UPDATE shortcuts SET name = coalesce($2, name), icon = CASE WHEN $3::boolean THEN $4 ELSE icon END, position = coalesce($5, position), updated_at = now() WHERE id = $1 RETURNING *",
);
export const updateShortcut = async (
  tx: Tx,
  id: string,
  given: { readonly name?: string | undefined; readonly icon?: string | null | undefined; readonly position?: number | undefined },
): Promise<ShortcutRow> =>
  (await tx.one<ShortcutRow>(update, [
    id,
    given.name ?? null,
    given.icon !== undefined,
    given.icon ?? null,
    given.position ?? null,
  ])) as ShortcutRow;
const remove = statement("shortcut_delete", "DELETE FROM shortcuts WHERE id = $1");
export const deleteShortcut = (tx: Tx, id: string) => tx.query(remove, [id]);
const reorder = statement(
  "shortcuts_reorder",
  `UPDATE shortcuts s SET position = g.at - 1, updated_at = now() FROM unnest($3::text[]) WITH ORDINALITY AS g (id, at)
    WHERE s.id = g.id AND s.user_id = $1 AND s.workspace_id = $2 RETURNING s.id`,
);
/** The ids that are one's own in the space, and so have a new place. */
export const reorderShortcuts = async (tx: Tx, userId: string, workspaceId: string, ids: readonly string[]): Promise<Set<string>> =>
  new Set((await tx.query<{ id: string }>(reorder, [userId, workspaceId, ids])).map(({ id }) => id));
