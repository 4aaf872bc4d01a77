import type { Tx } from "./db.ts";
import { statement } from "./sql.ts";

/** Something to tell a person. */
export interface NotificationInput {
  readonly id: string;
  readonly user_id: string;
  readonly workspace_id: string | null;
  readonly run_id: string | null;
  readonly type: string;
  /** What it is about. The same subject under the same type is told to a person once. */
  readonly subject: string;
  /** One line of plain text, and more of it. Never a secret. */
  readonly title: string;
  readonly body: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  /** A mail of its own tells it: none is made of the notification. */
  readonly mailed?: true;
}

/** Payload: the person's id and the sequence. */
export const notificationChannel = "takosumi_notification";

/**
 * The counter of each person is held until the commit, in the order of their ids, so that nobody sees a sequence before a lower one.
 * $1 the rows, as JSON. Plan: notifications_subject_key, the counters by primary key, the inserts.
 */
const insert = statement(
  "notifications_insert",
  `WITH given AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS g (id text, user_id text, workspace_id text, run_id text, type text, subject text, title text, body text, data jsonb, mailed boolean)
   ), fresh AS (
     SELECT given.* FROM given
      WHERE NOT EXISTS (SELECT FROM notifications n WHERE n.user_id = given.user_id AND n.type = given.type AND n.subject = given.subject)
      ORDER BY given.user_id
   ), counted AS (
     INSERT INTO notification_settings AS s (user_id, last_sequence) SELECT user_id, 1 FROM fresh
     ON CONFLICT (user_id) DO UPDATE SET last_sequence = s.last_sequence + 1
     RETURNING user_id, last_sequence, muted_until IS NOT NULL AND muted_until > now() AS muted
   ), told AS (
     INSERT INTO notifications (id, user_id, sequence, workspace_id, run_id, type, subject, title, body, data, muted, mail_due)
     SELECT f.id, f.user_id, c.last_sequence, f.workspace_id, f.run_id, f.type, f.subject, f.title, f.body, f.data, c.muted, f.mailed IS NOT TRUE AND NOT c.muted
       FROM fresh f JOIN counted c USING (user_id)
     ON CONFLICT (user_id, type, subject) DO NOTHING
     RETURNING user_id, sequence
   )
   SELECT pg_notify('${notificationChannel}', user_id || ' ' || sequence) AS told FROM told`,
);

/** Tells people in the transaction of what it is about: before its AuditEvent, which is last. At most one for each person in a call. */
export const tell = async (tx: Tx, notifications: readonly NotificationInput[]): Promise<void> => {
  if (notifications.length > 0) await tx.query(insert, [JSON.stringify(notifications)]);
};
