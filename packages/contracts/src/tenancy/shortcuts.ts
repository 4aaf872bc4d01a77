import { z } from "zod";
import { can, own } from "../access.ts";
import { del, family, get, post, put } from "../define.ts";
import { exampleId } from "../example.ts";
import { idOf, saysAny, workspaceId } from "../fields.ts";
import { icon, label, resourceTypes, Shortcut } from "./shortcut.ts";

const headers = z.object({ "x-takos-space-id": workspaceId.optional() });
const here = { workspace: "x-takos-space-id" } as const;
const success = z.object({ success: z.literal(true) });

export const shortcuts = family(
  "shortcuts",
  { context: "tenancy", about: "One's own shortcuts in a space: that of X-Takos-Space-Id (id, slug or `me`), else one's own." },
  {
    list: get("/api/shortcuts", {
      summary: "One's shortcuts in a space, in their order, at most 200",
      access: can("workspace:read", here),
      headers,
      output: z.object({ shortcuts: z.array(Shortcut) }),
    }),
    create: post("/api/shortcuts", {
      summary: "Make a shortcut to a Capsule, a connection or an address",
      access: can("shortcut:write", here),
      audit: "shortcut.created",
      headers,
      body: z.strictObject({
        name: label,
        resourceType: z.enum(resourceTypes),
        /** For a link the address itself. */
        resourceId: z.string().min(1).max(2_000),
        icon: icon.optional(),
      }),
      examples: [{ summary: "To an address", value: { name: "Status", resourceType: "link", resourceId: "https://status.example.com" } }],
      output: Shortcut,
      status: 201,
      errors: ["CONFLICT"],
    }),
    update: put("/api/shortcuts/:id", {
      summary: "Change a shortcut of one's own",
      access: own({ shortcut: "id" }, "account:write"),
      audit: "shortcut.updated",
      body: z
        .strictObject({ name: label.optional(), icon: icon.nullable().optional(), position: z.int().min(0).max(1_000_000).optional() })
        .refine(saysAny("name", "icon", "position"), "says nothing to change"),
      examples: [{ summary: "Another name", value: { name: "Status page" } }],
      output: success,
    }),
    remove: del("/api/shortcuts/:id", {
      summary: "Delete a shortcut of one's own",
      access: own({ shortcut: "id" }, "account:write"),
      audit: "shortcut.deleted",
      output: success,
    }),
    reorder: post("/api/shortcuts/reorder", {
      summary: "Put shortcuts of a space into this order",
      access: can("shortcut:write", here),
      audit: "shortcut.reordered",
      headers,
      body: z.strictObject({ order: z.array(idOf("shortcut")).min(1).max(200) }),
      examples: [{ summary: "One alone", value: { order: [exampleId("shortcut")] } }],
      output: success,
    }),
  },
);
