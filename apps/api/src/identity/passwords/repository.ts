import type { Queries, Tx } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

export interface Secretive {
  readonly id: string;
  readonly name: string;
  readonly username: string;
  readonly password_hash: string | null;
}
const byName = statement("password_by_name", "SELECT id, name, username, password_hash FROM users WHERE username = $1 AND kind = 'user'");
export const findByUsername = (db: Queries, username: string) => db.one<Secretive>(byName, [username]);
const byId = statement("password_by_id", "SELECT id, name, username, password_hash FROM users WHERE id = $1");
export const findPassword = (db: Queries, userId: string) => db.one<Secretive>(byId, [userId]);

// Only an address that was shown to be theirs is written to.
const address = statement(
  "password_address",
  "SELECT id, username, email FROM users WHERE username = $1 AND kind = 'user' AND email IS NOT NULL AND email_verified_at IS NOT NULL",
);
export const findAddress = (db: Queries, username: string) =>
  db.one<{ readonly id: string; readonly username: string; readonly email: string }>(address, [username]);
const write = statement("password_write", "UPDATE users SET password_hash = $2, updated_at = now() WHERE id = $1");
export const writePassword = (tx: Tx, userId: string, hash: string) => tx.query(write, [userId, hash]);

/** Only where it is still the one that was looked at. */
const put = statement(
  "password_put",
  "UPDATE users SET password_hash = $2, updated_at = now() WHERE id = $1 AND password_hash IS NOT DISTINCT FROM $3 RETURNING id",
);
export const putPassword = async (tx: Tx, userId: string, hash: string, before: string | null): Promise<boolean> =>
  (await tx.one(put, [userId, hash, before])) !== null;
