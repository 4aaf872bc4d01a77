import { z } from "zod";
import { can } from "../access.ts";
import { del, family, get, patch, post } from "../define.ts";
import { idOf, nextCursor, opaqueId, paging, saysAny } from "../fields.ts";
import { icon, itemTypes, label, link, ShortcutGroup, ShortcutItem } from "./shortcut.ts";

/** What an item of each type leads to. */
const needs = { service: "serviceId", ui: "uiPath", d1: "resourceId", r2: "resourceId", kv: "resourceId", link: "url" } as const;
const ItemInput = z
  .strictObject({
    type: z.enum(itemTypes),
    label,
    icon: icon.optional(),
    serviceId: idOf("capsule").optional(),
    uiPath: z
      .string()
      .max(2_000)
      .regex(/^\/(?![/\\])[^\u0000-\u001f\u007f-\u009f\\]*$/u, "is not a path of this instance")
      .optional(),
    resourceId: opaqueId.optional(),
    url: link.optional(),
  })
  .superRefine((item, { addIssue }) => {
    for (const name of ["serviceId", "uiPath", "resourceId", "url"] as const) {
      const needed = needs[item.type] === name;
      if (needed && item[name] === undefined)
        addIssue({ code: "custom", path: [name], message: `is needed by an item of type ${item.type}` });
      if (!needed && item[name] !== undefined)
        addIssue({ code: "custom", path: [name], message: `is not taken by an item of type ${item.type}` });
    }
  });
const items = z.array(ItemInput).max(100);
const oneGroup = z.object({ data: ShortcutGroup });
const success = z.object({ success: z.literal(true) });
const within = { workspace: "spaceId", shortcut_group: "groupId" } as const;

export const shortcutGroups = family(
  "shortcutGroups",
  { context: "tenancy", about: "Shortcuts that a space shows to all its members. Those of an installed app are changed by the app alone." },
  {
    list: get("/api/spaces/:spaceId/shortcuts/groups", {
      summary: "Groups of a space, the oldest first",
      access: can("workspace:read", { workspace: "spaceId" }),
      query: z.object(paging),
      output: z.object({ data: z.array(ShortcutGroup), ...nextCursor }),
    }),
    create: post("/api/spaces/:spaceId/shortcuts/groups", {
      summary: "Make a group",
      access: can("sidebar:write", { workspace: "spaceId" }),
      audit: "shortcut_group.created",
      body: z.strictObject({ name: label, icon: icon.optional(), items: items.default([]) }),
      examples: [
        {
          summary: "With a link",
          value: { name: "Operations", items: [{ type: "link", label: "Status", url: "https://status.example.com" }] },
        },
      ],
      output: oneGroup,
      status: 201,
      errors: ["CONFLICT"],
    }),
    read: get("/api/spaces/:spaceId/shortcuts/groups/:groupId", {
      summary: "A group",
      access: can("workspace:read", within),
      output: oneGroup,
    }),
    update: patch("/api/spaces/:spaceId/shortcuts/groups/:groupId", {
      summary: "Change a group; `items` replaces all of them",
      access: can("sidebar:write", within),
      audit: "shortcut_group.updated",
      body: z
        .strictObject({ name: label.optional(), icon: icon.nullable().optional(), items: items.optional() })
        .refine(saysAny("name", "icon", "items"), "says nothing to change"),
      examples: [{ summary: "Another name", value: { name: "Ops" } }],
      output: oneGroup,
    }),
    remove: del("/api/spaces/:spaceId/shortcuts/groups/:groupId", {
      summary: "Delete a group",
      access: can("workspace:write", within),
      audit: "shortcut_group.deleted",
      output: success,
    }),
    addItem: post("/api/spaces/:spaceId/shortcuts/groups/:groupId/items", {
      summary: "Put an item at the end of a group",
      access: can("sidebar:write", within),
      audit: "shortcut_group.item_added",
      body: ItemInput,
      examples: [{ summary: "A link", value: { type: "link", label: "Status", url: "https://status.example.com" } }],
      output: z.object({ data: ShortcutItem }),
      status: 201,
      errors: ["CONFLICT"],
    }),
    removeItem: del("/api/spaces/:spaceId/shortcuts/groups/:groupId/items/:itemId", {
      summary: "Take an item out of a group",
      access: can("sidebar:write", within),
      audit: "shortcut_group.item_removed",
      output: success,
    }),
  },
);
