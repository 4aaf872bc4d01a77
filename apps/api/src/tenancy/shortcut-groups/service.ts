import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import type { ShortcutItemValue } from "@takosumi/contracts/tenancy/shortcut";
import type { ShortcutGroupRow } from "@takosumi/db/rows";
import type { Tx } from "../../world.ts";
import { ownedIn } from "../owned.ts";
import * as rows from "./repository.ts";

const groupsMost = 100;
const itemsMost = 100;

type Optional = Omit<ShortcutItemValue, "id" | "type" | "label">;
export type GivenItem = Pick<ShortcutItemValue, "type" | "label"> & { readonly [K in keyof Optional]?: Optional[K] | undefined };

/** Items with ids of their own, once what they lead to was found in the space. `prefix` is the path of the field that holds them. */
async function made(
  tx: Tx,
  workspaceId: string,
  items: readonly GivenItem[],
  prefix: (index: number) => string,
): Promise<ShortcutItemValue[]> {
  const services = items.flatMap(({ serviceId: id }, i) =>
    id === undefined ? [] : [{ path: `${prefix(i)}serviceId`, entity: "capsule" as const, id }],
  );
  await ownedIn(tx, workspaceId, services);
  // Databases and buckets of a space are not there yet, so that none is found.
  const fields = items.flatMap(({ resourceId }, i) =>
    resourceId === undefined ? [] : [{ path: `${prefix(i)}resourceId`, message: "There is no such resource" }],
  );
  if (fields.length > 0) throw new ApiError("NOT_FOUND", fields.map(({ path, message }) => `${path}: ${message}`).join("; "), { fields });
  return items.map((item) => JSON.parse(JSON.stringify({ ...item, id: newId("itm_") })) as ShortcutItemValue);
}
const full = (what: string) => new ApiError("CONFLICT", `${what}, as many as one may have`, { reason: "limit" });

interface Given {
  readonly name: string;
  readonly icon?: string | undefined;
  readonly items: readonly GivenItem[];
}
export async function createGroup(tx: Tx, workspaceId: string, { name, icon = undefined, items }: Given): Promise<ShortcutGroupRow> {
  if ((await rows.listGroups(tx, workspaceId, null, groupsMost)).length >= groupsMost) throw full(`The space has ${groupsMost} groups`);
  const row = { id: newId("grp_"), workspace_id: workspaceId, name, icon: icon ?? null };
  return rows.insertGroup(tx, { ...row, items: await made(tx, workspaceId, items, (i) => `items.${i}.`) });
}

async function held(tx: Tx, id: string): Promise<ShortcutGroupRow> {
  const row = await rows.holdGroup(tx, id);
  const message = "There is no such shortcut group that is changed by hand";
  if (!row) throw new ApiError("NOT_FOUND", message, { fields: [{ path: "groupId", message }] });
  return row;
}

export async function changeGroup(
  tx: Tx,
  id: string,
  given: {
    readonly name?: string | undefined;
    readonly icon?: string | null | undefined;
    readonly items?: readonly GivenItem[] | undefined;
  },
): Promise<ShortcutGroupRow> {
  const group = await held(tx, id);
  return rows.updateGroup(tx, {
    id,
    name: given.name ?? group.name,
    icon: given.icon === undefined ? group.icon : given.icon,
    items: given.items ? await made(tx, group.workspace_id, given.items, (i) => `items.${i}.`) : group.items,
  });
}

export async function addItem(tx: Tx, id: string, item: GivenItem): Promise<ShortcutGroupRow> {
  const group = await held(tx, id);
  if (group.items.length >= itemsMost) throw full(`The group has ${itemsMost} items`);
  return rows.updateGroup(tx, { ...group, items: [...group.items, ...(await made(tx, group.workspace_id, [item], () => ""))] });
}

export async function removeItem(tx: Tx, id: string, item: string): Promise<ShortcutGroupRow> {
  const group = await held(tx, id);
  const items = group.items.filter((one) => one.id !== item);
  const message = "There is no such shortcut item";
  if (items.length === group.items.length) throw new ApiError("NOT_FOUND", message, { fields: [{ path: "itemId", message }] });
  return rows.updateGroup(tx, { ...group, items });
}

export async function removeGroup(tx: Tx, id: string): Promise<ShortcutGroupRow> {
  const group = await held(tx, id);
  await rows.deleteGroup(tx, id);
  return group;
}

export const shownGroup = (row: ShortcutGroupRow) => ({
  id: row.id,
  spaceId: row.workspace_id,
  name: row.name,
  ...(row.icon !== null && { icon: row.icon }),
  items: [...row.items],
  ...(row.bundle_deployment_id !== null && { bundleDeploymentId: row.bundle_deployment_id }),
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});
