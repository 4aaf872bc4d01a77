import type { Db } from "@takosumi/db/db";
import { gathered } from "@takosumi/db/gathered";
import { statement } from "@takosumi/db/sql";

export interface TokenHolder {
  readonly token_id: string;
  readonly workspace_id: string | null;
  readonly scopes: readonly string[] | null;
  readonly expires_at: Date | null;
  readonly expired: boolean;
  readonly revoked: boolean;
  /** Seconds since its last use was noted; null where it never was. */
  readonly unused_for: number | null;
  readonly user_id: string;
  readonly user_name: string;
  readonly user_kind: "user" | "service";
}

/** Two index look-ups: the token by its hash, its user by their key. */
export const findHolder = gathered<TokenHolder>(
  "token_holder",
  `SELECT t.id AS token_id, t.workspace_id, t.scopes, t.expires_at, coalesce(t.expires_at <= now(), false) AS expired, t.revoked_at IS NOT NULL AS revoked,
          extract(epoch FROM now() - t.last_used_at)::float8 AS unused_for, u.id AS user_id, u.name AS user_name, u.kind AS user_kind
     FROM personal_access_tokens t JOIN users u ON u.id = t.user_id WHERE t.token_hash = asked.key`,
);

/** Of several requests at once, one writes. */
const used = statement(
  "token_used",
  `UPDATE personal_access_tokens SET last_used_at = now() WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= now() - interval '1 minute')`,
);
export const noteUse = (db: Db, tokenId: string) => db.query(used, [tokenId]);

export interface RunnerTokenHolder {
  readonly id: string;
  readonly pool: string;
  readonly revoked: boolean;
}
const runnerToken = statement(
  "runner_token",
  `SELECT id, pool, revoked_at IS NOT NULL AS revoked FROM runner_tokens WHERE token_hash = $1`,
);
export const findRunnerToken = (db: Db, hash: string) => db.one<RunnerTokenHolder>(runnerToken, [hash]);
