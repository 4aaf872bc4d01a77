import type { Db } from "../../world.ts";
import { listGroups } from "./repository.ts";

/** Groups whose items a sidebar shows. */
const most = 100;

export interface SidebarItem {
  label: string;
  icon: string | null;
  path?: string;
  url?: string;
  extensionId: string;
}

/** The pages and links of a space's groups, in their order. */
export async function sidebarOf(db: Db, workspaceId: string): Promise<SidebarItem[]> {
  const groups = await listGroups(db, workspaceId, null, most);
  return groups.flatMap(({ id: extensionId, items }) =>
    items.flatMap(({ type, label, icon = null, uiPath: path, url }): SidebarItem[] => {
      if (type === "ui" && path !== undefined) return [{ label, icon, path, extensionId }];
      return type === "link" && url !== undefined ? [{ label, icon, url, extensionId }] : [];
    }),
  );
}
