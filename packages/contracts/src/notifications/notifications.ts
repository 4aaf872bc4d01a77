import { z } from "zod";
import { signedIn } from "../access.ts";
import { events, family, get, patch, post, socket } from "../define.ts";
import { count, cursor, flag, instant, json, nextCursor, opaqueId, timestamp } from "../fields.ts";
import { notificationExample, preferencesExample } from "./examples/notification.ts";
import { channels, notificationTypes } from "./types.ts";

const NotificationType = z.enum(notificationTypes);
/** Something that a person was told. */
export const Notification = z
  .object({
    id: opaqueId,
    user_id: opaqueId,
    space_id: opaqueId.nullable(),
    type: NotificationType,
    title: z.string(),
    body: z.string().nullable(),
    data: z.record(z.string(), json),
    read_at: timestamp.nullable(),
    created_at: timestamp,
  })
  .meta({ id: "Notification", examples: [notificationExample] });

const Preferences = z.object({
  types: z.array(NotificationType),
  channels: z.array(z.enum(channels)),
  preferences: z.record(z.string(), z.object({ in_app: z.boolean(), email: z.boolean(), push: z.boolean() })).meta({
    examples: [preferencesExample],
  }),
});
const Settings = z.object({ muted_until: timestamp.nullable().meta({ examples: [null] }) });
const success = z.object({ success: z.literal(true) });
const sequence = z.coerce.number<number>().int().min(0).max(Number.MAX_SAFE_INTEGER);

const New = z.object({ notification_id: opaqueId }).meta({ examples: [{ notification_id: notificationExample.id }] });
const SocketMessage = z
  .union([
    z.object({ type: z.literal("connected"), data: z.object({ connectionId: z.string(), lastEventId: z.int() }) }),
    z.object({ type: z.literal("heartbeat"), timestamp: z.int() }),
    z.object({ type: z.literal("error"), data: z.object({ message: z.string() }) }),
    z.object({ type: z.literal("notification.new"), data: New, eventId: z.int(), event_id: z.string() }),
  ])
  .meta({ examples: [{ type: "notification.new", data: { notification_id: notificationExample.id }, eventId: 7, event_id: "7" }] });

const own = "A reader that sends the last id that it saw gets exactly what followed it; without one it hears what is new from now on.";

export const notifications = family(
  "notifications",
  { context: "notifications", about: "What a person is told of, and how they want to be told." },
  {
    list: get("/api/notifications", {
      summary: "What one was told, the newest first, without types that are switched off",
      access: signedIn("account:read"),
      query: z.object({
        limit: count(50).default(20),
        cursor: cursor.optional(),
        before: instant.optional(),
        unread: flag.optional(),
        type: NotificationType.optional(),
      }),
      output: z.object({ notifications: z.array(Notification), ...nextCursor }),
    }),
    unreadCount: get("/api/notifications/unread-count", {
      summary: "How many are not read, counted up to 10,000",
      access: signedIn("account:read"),
      output: z.object({ unread_count: z.int().meta({ examples: [3] }) }),
    }),
    read: patch("/api/notifications/:id/read", {
      summary: "Say that one is read; also right for one that is not there",
      access: signedIn("account:write"),
      audit: "none: what a person has read is their own business",
      output: success,
    }),
    readAll: post("/api/notifications/read-all", {
      summary: "Say that all are read that were there until now",
      access: signedIn("account:write"),
      audit: "none: what a person has read is their own business",
      output: success,
    }),
    preferences: get("/api/notifications/preferences", {
      summary: "Which types reach one by which channel",
      access: signedIn("account:read"),
      output: Preferences,
    }),
    updatePreferences: patch("/api/notifications/preferences", {
      summary: "Switch types on or off for a channel; what is not named stays as it is",
      access: signedIn("account:write"),
      audit: "none: a person's own taste",
      body: z.strictObject({
        updates: z
          .array(z.strictObject({ type: NotificationType, channel: z.enum(channels), enabled: z.boolean() }))
          .min(1)
          .max(notificationTypes.length * channels.length),
      }),
      examples: [{ summary: "No mail when a Run failed", value: { updates: [{ type: "run.failed", channel: "email", enabled: false }] } }],
      output: Preferences,
    }),
    settings: get("/api/notifications/settings", {
      summary: "Until when one is left in peace",
      access: signedIn("account:read"),
      output: Settings,
    }),
    updateSettings: patch("/api/notifications/settings", {
      summary: "Be left in peace until a time: what comes until then is kept, and neither sent nor streamed",
      access: signedIn("account:write"),
      audit: "none: a person's own taste",
      body: z.strictObject({ muted_until: instant.nullable() }),
      examples: [{ summary: "Until Monday", value: { muted_until: "2026-02-02T08:00:00Z" } }],
      output: Settings,
    }),
    sse: events("/api/notifications/sse", {
      summary: "New notifications as they come, as Server-Sent Events",
      about: own,
      access: signedIn("account:read"),
      query: z.object({ last_event_id: sequence.optional() }),
      emits: New,
    }),
    ws: socket("/api/notifications/ws", {
      summary: "New notifications as they come, over a WebSocket",
      about: `${own} The text \`ping\` is answered \`pong\`.`,
      access: signedIn("account:read"),
      query: z.object({ last_event_id: sequence.optional() }),
      emits: SocketMessage,
      receives: z.strictObject({ type: z.literal("subscribe") }),
    }),
  },
);
