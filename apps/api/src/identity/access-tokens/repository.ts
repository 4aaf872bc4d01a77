import type { PersonalAccessTokenRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Locator, Tx } from "../../world.ts";

/** A token of a person's own: those bound to a space belong to the space. */
export type AccessTokenRow = PersonalAccessTokenRow;

const own = `JOIN workspaces w ON w.owner_id = t.user_id AND w.kind = 'personal'
  WHERE t.user_id = $1 AND t.workspace_id IS NULL AND t.revoked_at IS NULL`;
const find = statement("token_locate", `SELECT t.*, w.id AS own_workspace_id FROM personal_access_tokens t ${own} AND t.id = $2`);
export const locateToken: Locator<"token"> = async (db, id, reader) => {
  if (id === undefined || !reader || reader.workspace_id) return null;
  const found = await db.one<AccessTokenRow & { own_workspace_id: string }>(find, [reader.id, id]);
  return found && { row: found, role: "owner", workspace_id: found.own_workspace_id };
};

// Plan: personal_access_tokens_user_id_idx, backwards from the cursor.
const page = statement(
  "tokens_page",
  `SELECT t.* FROM personal_access_tokens t ${own} AND ($2::text IS NULL OR t.id < $2) ORDER BY t.id DESC LIMIT $3`,
);
export const listTokens = (db: Db, userId: string, after: string | null, take: number): Promise<AccessTokenRow[]> =>
  db.query<AccessTokenRow>(page, [userId, after, take]);

const insert = statement(
  "token_insert",
  `INSERT INTO personal_access_tokens (id, user_id, workspace_id, name, token_hash, token_prefix, scopes, expires_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7::text[], $8) RETURNING *`,
);
export interface NewToken
  extends Pick<
    PersonalAccessTokenRow,
    "id" | "user_id" | "workspace_id" | "name" | "token_hash" | "token_prefix" | "scopes" | "expires_at"
  > {}
export const insertToken = async (tx: Tx, row: NewToken): Promise<AccessTokenRow> =>
  (await tx.one<AccessTokenRow>(insert, [
    row.id,
    row.user_id,
    row.workspace_id,
    row.name,
    row.token_hash,
    row.token_prefix,
    row.scopes,
    row.expires_at,
  ])) as AccessTokenRow;

const revoke = statement(
  "token_revoke",
  "UPDATE personal_access_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 RETURNING *",
);
/** Kept, so that a token of the environment that somebody revoked is not made again at the next start. */
export const revokeToken = async (tx: Tx, id: string): Promise<AccessTokenRow> =>
  (await tx.one<AccessTokenRow>(revoke, [id])) as AccessTokenRow;
