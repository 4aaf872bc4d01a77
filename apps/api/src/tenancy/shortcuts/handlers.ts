import { shortcuts } from "@takosumi/contracts/tenancy/shortcuts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { deleteShortcut, listShortcuts, updateShortcut } from "./repository.ts";
import { createShortcut, mostShortcuts, reorder, shownShortcut } from "./service.ts";

export const shortcutHandlers = ({ db }: Pick<Resources, "db">) =>
  implement(shortcuts, {
    list: async ({ workspace, principal }) => ({
      shortcuts: (await listShortcuts(db, principal.id, workspace.id, mostShortcuts)).map(shownShortcut),
    }),
    create: async ({ input, workspace, principal, write }) =>
      shownShortcut(
        await write((tx) => createShortcut(tx, principal.id, workspace.id, input), { metadata: { resource_type: input.resourceType } }),
      ),
    update: async ({ input, shortcut, write }) => {
      await write((tx) => updateShortcut(tx, shortcut.id, input));
      return { success: true };
    },
    remove: async ({ shortcut, write }) => {
      await write(async (tx) => {
        await deleteShortcut(tx, shortcut.id);
        return shortcut;
      });
      return { success: true };
    },
    reorder: async ({ input, workspace, principal, write }) => {
      await write(
        async (tx) => {
          await reorder(tx, principal.id, workspace.id, input.order);
          return workspace;
        },
        { metadata: { count: input.order.length } },
      );
      return { success: true };
    },
  });
