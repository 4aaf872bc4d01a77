import { z } from "zod";
import { opaqueId, timestamp } from "../fields.ts";
import { shortcutExample, shortcutGroupExample, shortcutItemExample } from "./examples/space.ts";

export const label = z.string().trim().min(1).max(100);
export const icon = z.string().trim().max(100);
export const link = z.url({ protocol: /^https?$/, error: "is not a URL that begins with http:// or https://" }).max(2_000);

export const resourceTypes = ["service", "resource", "link"] as const;
/** One's own way to something: a `service` is a Capsule, a `resource` a connection, a `link` any address. */
export const Shortcut = z
  .object({
    id: opaqueId,
    user_id: opaqueId,
    space_id: opaqueId,
    resource_type: z.enum(resourceTypes),
    resource_id: z.string(),
    name: z.string(),
    icon: z.string().nullable(),
    position: z.int(),
    created_at: timestamp,
    updated_at: timestamp,
    service_hostname: z.string().nullable(),
    service_status: z.string().nullable(),
    resource_name: z.string().nullable(),
    resource_type_name: z.string().nullable(),
  })
  .meta({ id: "Shortcut", examples: [shortcutExample] });

export const itemTypes = ["service", "ui", "d1", "r2", "kv", "link"] as const;
export const ShortcutItem = z
  .object({
    type: z.enum(itemTypes),
    id: opaqueId,
    label: z.string(),
    icon: z.string().optional(),
    serviceId: z.string().optional(),
    uiPath: z.string().optional(),
    resourceId: z.string().optional(),
    url: z.string().optional(),
  })
  .meta({ id: "ShortcutItem", examples: [shortcutItemExample] });
export const ShortcutGroup = z
  .object({
    id: opaqueId,
    spaceId: opaqueId,
    name: z.string(),
    icon: z.string().optional(),
    items: z.array(ShortcutItem),
    bundleDeploymentId: z.string().optional(),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: "ShortcutGroup", examples: [shortcutGroupExample] });
export type ShortcutItemValue = z.infer<typeof ShortcutItem>;
