import type { Db, Queries, Tx } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";
import type { SealedMail } from "./message.ts";

export interface DueMail {
  readonly id: string;
  readonly purpose: string;
  readonly sealed: string;
  /** This one counted. Whoever writes an end says it: an older claim changes nothing. */
  readonly attempts: number;
}

const insert = statement("mail_insert", `INSERT INTO mail_outbox (id, purpose, sealed, expires_at) VALUES ($1, $2, $3, $4)`);
/** Queues a sealed mail in the transaction of what it tells of: both happen, or neither. */
export async function queueMail(tx: Tx, { id, purpose, sealed, expires_at }: SealedMail): Promise<void> {
  await tx.query(insert, [id, purpose, sealed, expires_at]);
  await tx.notify(mailChannel, "");
}
export const mailChannel = "takosumi_mail";

/** How long a mail is its sender's. Longer than all that a transport waits for. */
const leaseSeconds = 120;
/** At most $1 mails that are due, the longest waiting first. By mail_outbox_due_idx. */
const claim = statement(
  "mail_claim",
  `UPDATE mail_outbox SET attempts = attempts + 1, due_at = now() + interval '${leaseSeconds} seconds'
    WHERE id IN (SELECT id FROM mail_outbox WHERE state = 'waiting' AND due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING id, purpose, sealed, attempts, expires_at <= now() AS expired`,
);
export const claimMail = (db: Queries, most: number) => db.query<DueMail & { readonly expired: boolean }>(claim, [most]);

/** It is over; its content goes. $3 "sent" or "dead", $4 why. By the primary key. */
const end = statement(
  "mail_end",
  `UPDATE mail_outbox SET state = $3, sealed = '', last_error = $4, ended_at = now() WHERE id = $1 AND attempts = $2 AND state = 'waiting'`,
);
export const endMail = (db: Queries, { id, attempts }: DueMail, state: "sent" | "dead", error: string | null) =>
  db.query(end, [id, attempts, state, error]);

/** Another try in $3 seconds. */
const again = statement(
  "mail_again",
  `UPDATE mail_outbox SET due_at = now() + $3 * interval '1 second', last_error = $4 WHERE id = $1 AND attempts = $2 AND state = 'waiting'`,
);
export const retryMail = (db: Queries, { id, attempts }: DueMail, seconds: number, error: string) =>
  db.query(again, [id, attempts, seconds, error]);

/** A batch of those that ended a week ago. By mail_outbox_ended_idx. */
const forget = statement(
  "mail_forget",
  `DELETE FROM mail_outbox WHERE id IN
     (SELECT id FROM mail_outbox WHERE state <> 'waiting' AND ended_at < now() - interval '7 days' ORDER BY ended_at LIMIT $1 FOR UPDATE SKIP LOCKED)`,
);
export const forgetMail = (db: Db, most: number) => db.query(forget, [most]);
