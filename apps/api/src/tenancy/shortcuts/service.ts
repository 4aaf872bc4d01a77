import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import { link } from "@takosumi/contracts/tenancy/shortcut";
import type { ShortcutRow } from "@takosumi/db/rows";
import type { Tx } from "../../world.ts";
import { ownedIn } from "../owned.ts";
import { insertShortcut, listShortcuts, reorderShortcuts, type ShownRow } from "./repository.ts";

export const mostShortcuts = 200;

interface Given {
  readonly name: string;
  readonly resourceType: ShortcutRow["resource_type"];
  readonly resourceId: string;
  readonly icon?: string | undefined;
}
export async function createShortcut(tx: Tx, userId: string, workspaceId: string, given: Given): Promise<ShownRow> {
  const { name, resourceType: resource_type, resourceId: resource_id, icon = null } = given;
  if (resource_type === "link") {
    const { error } = link.safeParse(resource_id);
    const message = error?.issues[0]?.message;
    if (message !== undefined)
      throw new ApiError("BAD_REQUEST", `resourceId: ${message}`, { reason: "invalid", fields: [{ path: "resourceId", message }] });
  } else {
    const entity = resource_type === "service" ? "capsule" : "connection";
    await ownedIn(tx, workspaceId, [{ path: "resourceId", entity, id: resource_id }]);
  }
  if ((await listShortcuts(tx, userId, workspaceId, mostShortcuts)).length >= mostShortcuts)
    throw new ApiError("CONFLICT", `You have ${mostShortcuts} shortcuts here, as many as one may have`, { reason: "limit" });
  return insertShortcut(tx, { id: newId("sct_"), user_id: userId, workspace_id: workspaceId, resource_type, resource_id, name, icon });
}

/** Every id must be one's own in this space. */
export async function reorder(tx: Tx, userId: string, workspaceId: string, order: readonly string[]): Promise<void> {
  const placed = await reorderShortcuts(tx, userId, workspaceId, order);
  const message = "There is no such shortcut";
  const fields = order.flatMap((id, i) => (placed.has(id) ? [] : [{ path: `order.${i}`, message }]));
  if (fields.length > 0) throw new ApiError("NOT_FOUND", fields.map(({ path }) => `${path}: ${message}`).join("; "), { fields });
}

export const shownShortcut = (row: ShownRow) => ({
  id: row.id,
  user_id: row.user_id,
  space_id: row.workspace_id,
  resource_type: row.resource_type,
  resource_id: row.resource_id,
  name: row.name,
  icon: row.icon,
  position: row.position,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  service_hostname: null,
  service_status: row.service_status,
  resource_name: row.resource_name,
  resource_type_name: row.resource_type_name,
});
