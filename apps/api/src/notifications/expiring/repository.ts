import type { Db } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

export interface ExpiringToken {
  readonly id: string;
  readonly user_id: string;
  readonly workspace_id: string | null;
  readonly name: string;
  readonly expires_at: Date;
  /** Which warning is due: 7 or 1 days before. */
  readonly days: number;
}
/**
 * Tokens that end within 7 days or 1, and whose owner was not told so; one that was made for less time than that is no surprise. $1 how many.
 * Plan: personal_access_tokens_expiry_idx, notifications_subject_key once each.
 */
const expiring = statement(
  "tokens_expiring",
  `SELECT t.id, t.user_id, t.workspace_id, t.name, t.expires_at, w.days
     FROM personal_access_tokens t CROSS JOIN LATERAL (SELECT CASE WHEN t.expires_at <= now() + interval '1 day' THEN 1 ELSE 7 END AS days) w
    WHERE t.revoked_at IS NULL AND t.expires_at IS NOT NULL AND t.expires_at > now() AND t.expires_at <= now() + interval '7 days'
      AND t.created_at < t.expires_at - w.days * interval '1 day'
      AND NOT EXISTS (SELECT FROM notifications n WHERE n.user_id = t.user_id AND n.type = 'token.expiring' AND n.subject = t.id || ' ' || w.days)
    ORDER BY t.expires_at LIMIT $1`,
);
export const expiringTokens = (db: Db, most: number) => db.query<ExpiringToken>(expiring, [most]);
