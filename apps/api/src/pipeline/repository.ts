import type { Db, Queries } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

export interface StoredClaim {
  readonly operation: string;
  readonly answer: string;
}

/** A running holder of the key is waited for; one that had expired is taken over. No row: the key is used. By the primary key. */
const insert = statement(
  "claim_insert",
  `INSERT INTO idempotency_claims AS held (principal_id, key, operation, status, answer, expires_at)
   VALUES ($1, $2, $3, 0, '', now() + interval '24 hours')
   ON CONFLICT (principal_id, key) DO UPDATE
     SET operation = excluded.operation, status = 0, answer = '',
         expires_at = excluded.expires_at, created_at = now()
   WHERE held.expires_at <= now() RETURNING true AS claimed`,
);
export const insertClaim = async (tx: Queries, claim: { principal_id: string; key: string; operation: string }): Promise<boolean> =>
  (await tx.one(insert, [claim.principal_id, claim.key, claim.operation])) !== null;

const answer = statement("claim_answer", "UPDATE idempotency_claims SET status = $3, answer = $4 WHERE principal_id = $1 AND key = $2");
export const storeAnswer = (tx: Queries, principalId: string, key: string, status: number, sealed: string) =>
  tx.query(answer, [principalId, key, status, sealed]);

const find = statement(
  "claim_find",
  "SELECT operation, answer FROM idempotency_claims WHERE principal_id = $1 AND key = $2 AND expires_at > now() AND status > 0",
);
export const findClaim = (db: Db, principalId: string, key: string) => db.one<StoredClaim>(find, [principalId, key]);

/** A batch, by idempotency_claims_expires_at_idx; what another process is deleting is left to it. */
const forget = statement(
  "claims_forget",
  `WITH gone AS (DELETE FROM idempotency_claims WHERE ctid IN
     (SELECT ctid FROM idempotency_claims WHERE expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING 1)
   SELECT count(*) AS gone FROM gone`,
);
export const forgetClaims = async (db: Db, most: number): Promise<number> => (await db.one<{ gone: number }>(forget, [most]))?.gone ?? 0;
