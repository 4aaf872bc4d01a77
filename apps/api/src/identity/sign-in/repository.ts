import type { SignInCodeRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Tx } from "../../world.ts";

export type NewCode = Pick<SignInCodeRow, "code_hash" | "user_id" | "purpose" | "expires_at">;
const insert = statement(
  "sign_in_code_insert",
  "INSERT INTO sign_in_codes (code_hash, user_id, purpose, expires_at) VALUES ($1, $2, $3, $4)",
);
export const insertCode = (tx: Tx, row: NewCode) => tx.query(insert, [row.code_hash, row.user_id, row.purpose, row.expires_at]);

/** Of several uses at once, one finds it unused. */
const use = statement(
  "sign_in_code_use",
  `WITH used AS (UPDATE sign_in_codes SET used_at = now() WHERE code_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > now() RETURNING user_id)
   SELECT u.id, u.name FROM used JOIN users u ON u.id = used.user_id`,
);
/** Whose it is; null where it is unknown, used or too old. */
export const useCode = (tx: Tx, hash: string, purpose: SignInCodeRow["purpose"]) =>
  tx.one<{ id: string; name: string }>(use, [hash, purpose]);

const forget = statement(
  "sign_ins_forget",
  `WITH codes AS (DELETE FROM sign_in_codes WHERE code_hash IN (SELECT code_hash FROM sign_in_codes WHERE expires_at <= now() - interval '1 day' LIMIT $1)),
        gone AS (DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= now() - interval '1 day' ORDER BY expires_at LIMIT $1) RETURNING 1)
   SELECT count(*) AS gone FROM gone`,
);
/** Codes and sessions that are long over, a batch of each. */
export const forgetSignIns = async (db: Pick<Tx, "one">, most: number): Promise<number> =>
  (await db.one<{ gone: number }>(forget, [most]))?.gone ?? 0;
