import { ApiError } from "@takosumi/contracts/errors";
import { notifications } from "@takosumi/contracts/notifications/notifications";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import type { Streamed } from "./repository.ts";
import {
  countUnread,
  listNotifications,
  markAllRead,
  markRead,
  preferencesOf,
  setMuted,
  setPreferences,
  settingsOf,
} from "./repository.ts";
import { shown, shownPreferences } from "./shown.ts";
import { socketMessages } from "./socket.ts";

const success = { success: true } as const;

export const notificationHandlers = ({ db, inbox }: Pick<Resources, "db" | "inbox">) => {
  const preferences = async (userId: string) => shownPreferences(await preferencesOf(db, userId));
  /** After which notification a reader goes on: without one, after the newest. */
  const resumed = async (userId: string, field: string, given: string | number | null | undefined): Promise<number> => {
    const { last_sequence: newest } = await settingsOf(db, userId);
    if (given === null || given === undefined) return newest;
    const after = typeof given === "number" || /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
    if (after <= newest) return after;
    const message = Number.isNaN(after)
      ? "is not the id of an event: a whole number"
      : `is beyond the newest of your notifications, ${newest}`;
    throw new ApiError("BAD_REQUEST", `${field} ${message}`, { reason: "invalid", fields: [{ path: field, message }] });
  };
  return implement(notifications, {
    list: async ({ input: { limit, cursor, before, unread, type }, principal: { id } }) => {
      const below = afterCursor(cursor, "sequence");
      const rows = await listNotifications(db, { user_id: id, below, before, unread: unread ?? false, type, take: fetchLimit(limit) });
      const page = paged(rows, limit, ({ sequence }) => sequence);
      return { notifications: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    unreadCount: async ({ principal: { id } }) => ({ unread_count: await countUnread(db, id) }),
    read: async ({ input, principal: { id } }) => {
      await markRead(db, input.id, id);
      return success;
    },
    readAll: async ({ principal: { id } }) => {
      await markAllRead(db, id);
      return success;
    },
    preferences: ({ principal: { id } }) => preferences(id),
    updatePreferences: async ({ input: { updates }, principal: { id } }) => {
      await setPreferences(db, id, updates);
      return preferences(id);
    },
    settings: async ({ principal: { id } }) => ({ muted_until: (await settingsOf(db, id)).muted_until?.toISOString() ?? null }),
    updateSettings: async ({ input: { muted_until }, principal: { id } }) => ({
      muted_until: (await setMuted(db, id, muted_until)).muted_until?.toISOString() ?? null,
    }),
    sse: async ({ input, principal: { id }, after, signal }) => {
      const from = after === null ? await resumed(id, "last_event_id", input.last_event_id) : await resumed(id, "last-event-id", after);
      return sent(inbox.follow(id, from, signal));
    },
    ws: async ({ input, principal: { id }, messages, signal, request_id }) => {
      const after = await resumed(id, "last_event_id", input.last_event_id);
      return socketMessages({ connection_id: request_id, after, batches: inbox.follow(id, after, signal), asked: messages, signal });
    },
  });
};

async function* sent(batches: AsyncIterable<readonly Streamed[]>) {
  for await (const batch of batches)
    yield batch.map(({ id, sequence }) => ({ id: String(sequence), event: "notification.new", data: { notification_id: id } }));
}
