import type { Role } from "@takosumi/contracts/access";
import type { PersonalAccessTokenRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Locator, Tx } from "../../world.ts";

/** A token of a space, and the service that shows it. */
export type SpaceToken = PersonalAccessTokenRow & { readonly workspace_id: string; readonly username: string; readonly role: Role };
const from = `FROM personal_access_tokens t JOIN users u ON u.id = t.user_id AND u.kind = 'service'
  JOIN members m ON m.workspace_id = t.workspace_id AND m.user_id = t.user_id`;
const live = "t.workspace_id = $1 AND t.revoked_at IS NULL";

const find = statement(
  "space_token_locate",
  `SELECT t.*, u.username, m.role, reader.role AS reader_role ${from}
     JOIN members reader ON reader.workspace_id = t.workspace_id AND reader.user_id = $3 WHERE ${live} AND t.id = $2`,
);
export const locateSpaceToken: Locator<"space_token"> = async (db, id, reader, { workspace }) => {
  if (id === undefined || !reader || !workspace) return null;
  const found = await db.one<SpaceToken & { readonly reader_role: Role }>(find, [workspace.id, id, reader.id]);
  if (!found) return null;
  const { reader_role: role, ...row } = found;
  return { row, role, workspace_id: row.workspace_id };
};

// Plan: members of the space by members_pkey, each token by personal_access_tokens_user_id_idx; a space has few.
const page = statement(
  "space_tokens_page",
  `SELECT t.*, u.username, m.role ${from} WHERE ${live} AND ($2::text IS NULL OR t.id < $2) ORDER BY t.id DESC LIMIT $3`,
);
export const listSpaceTokens = (db: Db, workspaceId: string, after: string | null, take: number): Promise<SpaceToken[]> =>
  db.query<SpaceToken>(page, [workspaceId, after, take]);

const service = statement(
  "service_insert",
  `WITH made AS (INSERT INTO users (id, username, name, kind, setup_completed_at) VALUES ($1, $2, $3, 'service', now()))
   INSERT INTO members (workspace_id, user_id, role) VALUES ($4, $1, $5)`,
);
/** A service that is a member of one space. */
export const insertService = (tx: Tx, id: string, username: string, name: string, workspaceId: string, role: Role) =>
  tx.query(service, [id, username, name, workspaceId, role]);
