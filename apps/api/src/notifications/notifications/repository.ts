import type { Channel, NotificationType } from "@takosumi/contracts/notifications/types";
import type { Db, Queries } from "@takosumi/db/db";
import type { NotificationRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";

/** Types that the person $1 does not want in their list. */
const wanted = `NOT EXISTS (SELECT FROM notification_preferences p WHERE p.user_id = n.user_id AND p.type = n.type AND p.channel = 'in_app' AND NOT p.enabled)`;

/** $2 below this sequence, $3 before this time, $4 only unread, $5 only this type, $6 how many. Plan: notifications_page_key backwards; unread ones by their own index. */
const page = (name: string, unread: string) =>
  statement(
    name,
    `SELECT * FROM notifications n WHERE n.user_id = $1 AND ($2::bigint IS NULL OR n.sequence < $2) AND ($3::timestamptz IS NULL OR n.created_at < $3)
       AND ($4::text IS NULL OR n.type = $4) AND ${wanted} ${unread} ORDER BY n.sequence DESC LIMIT $5`,
  );
const all = page("notifications_page", "");
const unread = page("notifications_unread_page", "AND n.read_at IS NULL");
export interface NotificationFilter {
  readonly user_id: string;
  readonly below: string | null;
  readonly before: string | undefined;
  readonly unread: boolean;
  readonly type: NotificationType | undefined;
  readonly take: number;
}
/** Newest first. */
export const listNotifications = (db: Db, filter: NotificationFilter): Promise<NotificationRow[]> => {
  const { user_id, below, before, type, take } = filter;
  return db.query<NotificationRow>(filter.unread ? unread : all, [user_id, below, before ? new Date(before) : null, type ?? null, take]);
};

/** Plan: notifications_unread_idx, at most 10,000 entries. */
const count = statement(
  "notifications_unread_count",
  `SELECT count(*) AS unread FROM (SELECT 1 FROM notifications n WHERE n.user_id = $1 AND n.read_at IS NULL AND ${wanted} LIMIT 10000) u`,
);
export const countUnread = async (db: Db, userId: string): Promise<number> =>
  Number((await db.one<{ unread: number }>(count, [userId]))?.unread ?? 0);

const read = statement("notification_read", `UPDATE notifications SET read_at = now() WHERE id = $1 AND user_id = $2 AND read_at IS NULL`);
export const markRead = (db: Db, id: string, userId: string) => db.query(read, [id, userId]);
const readAll = statement("notifications_read_all", `UPDATE notifications SET read_at = now() WHERE user_id = $1 AND read_at IS NULL`);
export const markAllRead = (db: Db, userId: string) => db.query(readAll, [userId]);

export interface Preference {
  readonly type: NotificationType;
  readonly channel: Channel;
  readonly enabled: boolean;
}
const preferences = statement("notification_preferences", `SELECT type, channel, enabled FROM notification_preferences WHERE user_id = $1`);
export const preferencesOf = (db: Queries, userId: string) => db.query<Preference>(preferences, [userId]);
/** The last of several about the same counts. */
const prefer = statement(
  "notification_prefer",
  `INSERT INTO notification_preferences (user_id, type, channel, enabled)
   SELECT DISTINCT ON (u ->> 'type', u ->> 'channel') $1, u ->> 'type', u ->> 'channel', (u ->> 'enabled')::boolean
     FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS g (u, place) ORDER BY u ->> 'type', u ->> 'channel', place DESC
   ON CONFLICT (user_id, type, channel) DO UPDATE SET enabled = excluded.enabled`,
);
export const setPreferences = (db: Db, userId: string, updates: readonly Preference[]) =>
  db.query(prefer, [userId, JSON.stringify(updates)]);

const settings = statement("notification_settings", `SELECT muted_until, last_sequence FROM notification_settings WHERE user_id = $1`);
interface Settings {
  readonly muted_until: Date | null;
  readonly last_sequence: number;
}
export const settingsOf = async (db: Db, userId: string): Promise<Settings> =>
  (await db.one<Settings>(settings, [userId])) ?? { muted_until: null, last_sequence: 0 };
const mute = statement(
  "notification_mute",
  `INSERT INTO notification_settings (user_id, muted_until) VALUES ($1, $2)
   ON CONFLICT (user_id) DO UPDATE SET muted_until = excluded.muted_until RETURNING muted_until, last_sequence`,
);
export const setMuted = async (db: Db, userId: string, until: string | null): Promise<Settings> =>
  (await db.one<Settings>(mute, [userId, until === null ? null : new Date(until)])) as Settings;

/** What a stream tells of: not what came while its reader wanted peace. Plan: notifications_page_key from the sequence on. */
const after = statement(
  "notifications_after",
  `SELECT n.id, n.sequence, n.muted OR NOT (${wanted}) AS silent FROM notifications n WHERE n.user_id = $1 AND n.sequence > $2 ORDER BY n.sequence LIMIT $3`,
);
export interface Streamed {
  readonly id: string;
  readonly sequence: number;
  readonly silent: boolean;
}
export const notificationsAfter = (db: Db, userId: string, sequence: number, take: number) =>
  db.query<Streamed>(after, [userId, sequence, take]);

/** A batch of what is half a year old. Plan: notifications_created_idx. */
const forget = statement(
  "notifications_forget",
  `DELETE FROM notifications WHERE id IN
     (SELECT id FROM notifications WHERE created_at < now() - interval '180 days' ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)`,
);
export const forgetNotifications = (db: Db, most: number) => db.query(forget, [most]);
