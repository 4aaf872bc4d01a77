import type { Queries, Tx } from "@takosumi/db/db";
import type { AccountSettings, UserRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { NewPerson } from "./create.ts";

/** A person as their own account shows them, with the id of the space of their own: where events of the account are recorded. */
export interface AccountRow
  extends Pick<UserRow, "id" | "username" | "name" | "email" | "picture" | "settings" | "setup_completed_at" | "created_at"> {
  readonly workspace_id: string;
  readonly has_password: boolean;
}
const columns = `u.id, u.username, u.name, u.email, u.picture, u.settings, u.setup_completed_at, u.created_at,
  u.password_hash IS NOT NULL AS has_password, w.id AS workspace_id`;
const own = "JOIN workspaces w ON w.owner_id = u.id AND w.kind = 'personal'";

const read = statement("account_read", `SELECT ${columns} FROM users u ${own} WHERE u.id = $1`);
export const readAccount = async (db: Queries, userId: string): Promise<AccountRow> =>
  (await db.one<AccountRow>(read, [userId])) as AccountRow;
const hold = statement("account_hold", `SELECT ${columns} FROM users u ${own} WHERE u.id = $1 FOR UPDATE`);
export const holdAccount = async (tx: Tx, userId: string): Promise<AccountRow> => (await tx.one<AccountRow>(hold, [userId])) as AccountRow;

/** The username is the slug of the person's own space. */
const rename = statement(
  "account_rename",
  `WITH renamed AS (UPDATE users SET username = $2, updated_at = now() WHERE id = $1)
   UPDATE workspaces SET slug = $2, updated_at = now() WHERE owner_id = $1 AND kind = 'personal'`,
);
export const renameAccount = (tx: Tx, userId: string, username: string) => tx.query(rename, [userId, username]);

const insert = statement(
  "account_insert",
  `WITH made AS (INSERT INTO users (id, username, name, email, email_verified_at, picture, password_hash, setup_completed_at)
       VALUES ($1, $3, $4, $5, CASE WHEN $6::boolean THEN now() END, $7, $8, CASE WHEN $9::boolean THEN now() END)),
        workspace AS (INSERT INTO workspaces (id, slug, name, kind, owner_id) VALUES ($2, $3, $4, 'personal', $1))
   INSERT INTO members (workspace_id, user_id, role) VALUES ($2, $1, 'owner')`,
);
/** Throws UniqueViolation where the username is somebody's now. */
export const insertPerson = (tx: Tx, ids: { readonly user_id: string; readonly workspace_id: string }, who: NewPerson) =>
  tx.query(insert, [
    ids.user_id,
    ids.workspace_id,
    who.username,
    who.name,
    who.email,
    who.email_verified,
    who.picture,
    who.password_hash,
    who.setup_completed,
  ]);

const complete = statement("account_complete", "UPDATE users SET setup_completed_at = now(), updated_at = now() WHERE id = $1");
export const completeSetup = (tx: Tx, userId: string) => tx.query(complete, [userId]);

const settings = statement("account_settings", "UPDATE users SET settings = $2::jsonb, updated_at = now() WHERE id = $1");
export const writeSettings = (tx: Tx, userId: string, value: AccountSettings) => tx.query(settings, [userId, JSON.stringify(value)]);

const profile = statement(
  "account_profile",
  `WITH named AS (UPDATE users SET name = $2, picture = $3, updated_at = now() WHERE id = $1)
   UPDATE workspaces SET name = $2, updated_at = now() WHERE owner_id = $1 AND kind = 'personal' AND name <> $2`,
);
export const writeProfile = (tx: Tx, userId: string, name: string, picture: string | null) => tx.query(profile, [userId, name, picture]);

const identities = statement(
  "account_identities",
  "SELECT issuer, email FROM auth_identities WHERE user_id = $1 ORDER BY created_at, id LIMIT 50",
);
export const identitiesOf = (db: Queries, userId: string) => db.query<{ issuer: string; email: string | null }>(identities, [userId]);

const space = statement("account_space", "SELECT * FROM workspaces WHERE owner_id = $1 AND kind = 'personal'");
export const spaceOf = (db: Queries, userId: string) =>
  db.one<{ id: string; slug: string; name: string; owner_id: string; created_at: Date; updated_at: Date }>(space, [userId]);
