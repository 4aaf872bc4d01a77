import type { ShortcutItemValue } from "@takosumi/contracts/tenancy/shortcut";
import { shortcutGroups } from "@takosumi/contracts/tenancy/shortcut-groups";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { listGroups } from "./repository.ts";
import { addItem, changeGroup, createGroup, removeGroup, removeItem, shownGroup } from "./service.ts";

export const shortcutGroupHandlers = ({ db }: Pick<Resources, "db">) =>
  implement(shortcutGroups, {
    list: async ({ input, workspace }) => {
      const page = paged(
        await listGroups(db, workspace.id, afterCursor(input.cursor), fetchLimit(input.limit)),
        input.limit,
        ({ id }) => id,
      );
      return { data: page.rows.map(shownGroup), next_cursor: page.next_cursor };
    },
    create: async ({ input, workspace, write }) => ({ data: shownGroup(await write((tx) => createGroup(tx, workspace.id, input), about)) }),
    read: ({ shortcut_group }) => ({ data: shownGroup(shortcut_group) }),
    update: async ({ input, shortcut_group: { id }, write }) => ({
      data: shownGroup(await write((tx) => changeGroup(tx, id, input), about)),
    }),
    remove: async ({ shortcut_group: { id }, write }) => {
      await write((tx) => removeGroup(tx, id), about);
      return { success: true };
    },
    addItem: async ({ input, shortcut_group: { id }, write }) => {
      const { spaceId: _, groupId: __, ...item } = input;
      const { items } = await write((tx) => addItem(tx, id, item), about);
      return { data: items.at(-1) as ShortcutItemValue };
    },
    removeItem: async ({ input, shortcut_group: { id }, write }) => {
      await write((tx) => removeItem(tx, id, input.itemId), about);
      return { success: true };
    },
  });

const about = ({ name, items }: { readonly id: string; readonly name: string; readonly items: readonly object[] }) => ({
  metadata: { name, items: items.length },
});
