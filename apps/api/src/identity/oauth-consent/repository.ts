import { statement } from "@takosumi/db/sql";
import type { Principal } from "@takosumi/transport/application";
import type { Db, Tx } from "../../world.ts";
import type { SignedIn } from "../oauth-server/asked.ts";

const since = statement(
  "oauth_signed_in",
  "SELECT user_id, floor(extract(epoch FROM created_at))::int8 AS since FROM sessions WHERE id = $1 AND user_id = $2",
);
/** When somebody signed in whose browser session this is; null for anybody else. */
export const signedInOf = async (db: Db, who: Principal): Promise<SignedIn | null> =>
  who.session && who.token_id !== null ? db.one<SignedIn>(since, [who.token_id, who.id]) : null;

export interface WaitingDevice {
  readonly id: string;
  readonly client_id: string;
  readonly scope: string;
}
// Plan: oauth_artifacts_user_code_key.
const waiting = statement(
  "oauth_device_waiting",
  `SELECT a.id, a.client_id, a.payload #>> '{params,scope}' AS scope FROM oauth_artifacts a
    WHERE a.user_code_hash = $1 AND a.kind = 'DeviceCode' AND a.expires_at > now() AND a.grant_id IS NULL AND NOT a.payload ? 'error'`,
);
/** A device that nobody answered yet. */
export const findWaiting = (db: Db, codeHash: string) => db.one<WaitingDevice>(waiting, [codeHash]);

const allow = statement(
  "oauth_device_allow",
  `UPDATE oauth_artifacts SET grant_id = $2, payload = payload || $3::jsonb
    WHERE id = $1 AND expires_at > now() AND grant_id IS NULL AND NOT payload ? 'error' RETURNING id`,
);
/** False where somebody else answered first. */
export const allowDevice = async (tx: Tx, id: string, grantId: string, told: object): Promise<boolean> =>
  (await tx.one(allow, [id, grantId, JSON.stringify(told)])) !== null;
const deny = statement(
  "oauth_device_deny",
  `UPDATE oauth_artifacts SET payload = payload || '{"error": "access_denied", "errorDescription": "the person said no"}'
    WHERE id = $1 AND expires_at > now() AND grant_id IS NULL AND NOT payload ? 'error' RETURNING id`,
);
export const denyDevice = async (tx: Tx, id: string): Promise<boolean> => (await tx.one(deny, [id])) !== null;

const answered = statement(
  "oauth_device_answered",
  `SELECT CASE WHEN a.payload ? 'error' THEN 'denied' ELSE 'approved' END AS status FROM oauth_artifacts a
    WHERE a.user_code_hash = $1 AND a.kind = 'DeviceCode' AND a.expires_at > now()
      AND (a.payload ? 'error' OR (a.grant_id IS NOT NULL AND a.payload ->> 'accountId' = $2))`,
);
/** What became of a device that this person allowed, or that was turned away. */
export const answerOf = async (db: Db, codeHash: string, userId: string) =>
  (await db.one<{ readonly status: "approved" | "denied" }>(answered, [codeHash, userId]))?.status ?? null;
