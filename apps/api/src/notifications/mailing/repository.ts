import type { Db, Queries } from "@takosumi/db/db";
import type { NotificationRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";

/** A notification that may become a mail. */
export interface Mailable extends Pick<NotificationRow, "id" | "type" | "title" | "body" | "run_id"> {
  /** Null for somebody without an address that is proven to be theirs. */
  readonly email: string | null;
  /** What they chose; null where they chose nothing. */
  readonly chosen: boolean | null;
}
/** $1 how many, the oldest first. Plan: notifications_mail_idx, two look-ups by key each. */
const due = statement(
  "notifications_mail_due",
  `SELECT n.id, n.type, n.title, n.body, n.run_id, CASE WHEN u.email_verified_at IS NOT NULL THEN u.email END AS email, p.enabled AS chosen
     FROM notifications n JOIN users u ON u.id = n.user_id
     LEFT JOIN notification_preferences p ON p.user_id = n.user_id AND p.type = n.type AND p.channel = 'email'
    WHERE n.mail_due ORDER BY n.created_at LIMIT $1`,
);
export const mailable = (db: Db, most: number) => db.query<Mailable>(due, [most]);

/** Those of these that nobody took before. */
const take = statement(
  "notifications_mail_take",
  `UPDATE notifications SET mail_due = false WHERE id = ANY ($1::text[]) AND mail_due RETURNING id`,
);
export const takeMailable = async (db: Queries, ids: readonly string[]): Promise<readonly string[]> =>
  (await db.query<{ id: string }>(take, [ids])).map(({ id }) => id);
