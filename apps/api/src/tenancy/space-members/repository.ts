import type { Role } from "@takosumi/contracts/access";
import type { Queries } from "@takosumi/db/db";
import type { UserRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Locator, Tx } from "../../world.ts";

/** A member; `id` is the person's or the service's. */
export interface Member extends Pick<UserRow, "id" | "username" | "name" | "email" | "picture" | "kind"> {
  readonly workspace_id: string;
  readonly role: Role;
  readonly sequence: number;
  readonly created_at: Date;
}
const columns = "u.id, u.username, u.name, u.email, u.picture, u.kind, m.workspace_id, m.role, m.sequence, m.created_at";
const from = `SELECT ${columns} FROM members m JOIN users u ON u.id = m.user_id`;

/** "@Ada" is ada. */
const plain = (username: string): string => username.trim().replace(/^@/, "").toLowerCase();
const locate = statement(
  "member_locate",
  `SELECT ${columns}, reader.role AS reader_role FROM members m JOIN users u ON u.id = m.user_id
     JOIN members reader ON reader.workspace_id = m.workspace_id AND reader.user_id = $3 WHERE m.workspace_id = $1 AND u.username = $2`,
);
export const locateMember: Locator<"member"> = async (db, username, reader, { workspace }) => {
  if (username === undefined || !reader || !workspace) return null;
  const found = await db.one<Member & { readonly reader_role: Role }>(locate, [workspace.id, plain(username), reader.id]);
  if (!found) return null;
  const { reader_role: role, ...row } = found;
  return { row, role, workspace_id: row.workspace_id };
};

// Plan: members_page_idx from the cursor on. A token of the space is listed among its tokens.
const page = statement(
  "members_page",
  `${from} WHERE m.workspace_id = $1 AND m.sequence > $2::bigint
     AND NOT EXISTS (SELECT FROM personal_access_tokens t WHERE t.user_id = u.id AND t.workspace_id = $1 AND u.kind = 'service') ORDER BY m.sequence LIMIT $3`,
);
export const listMembers = (db: Db, workspaceId: string, after: string | null, take: number): Promise<Member[]> =>
  db.query<Member>(page, [workspaceId, after ?? "0", take]);

const byName = statement("member_by_name", `${from} WHERE m.workspace_id = $1 AND u.username = $2 FOR UPDATE OF m`);
/** Held until the transaction ends. */
export const findMember = (tx: Tx, workspaceId: string, username: string): Promise<Member | null> =>
  tx.one<Member>(byName, [workspaceId, plain(username)]);
const byId = statement("member_by_id", `${from} WHERE m.workspace_id = $1 AND m.user_id = $2 FOR UPDATE OF m`);
export const memberOf = (tx: Tx, workspaceId: string, userId: string): Promise<Member | null> =>
  tx.one<Member>(byId, [workspaceId, userId]);

// Plan: members_user_id_idx.
const joined = statement("member_spaces", "SELECT workspace_id FROM members WHERE user_id = $1 ORDER BY workspace_id LIMIT $2");
export const spacesJoined = async (tx: Tx, userId: string, take: number): Promise<string[]> =>
  (await tx.query<{ workspace_id: string }>(joined, [userId, take])).map(({ workspace_id }) => workspace_id);

const count = statement("members_count", "SELECT count(*) AS count FROM members WHERE workspace_id = $1");
export const countMembers = async (tx: Queries, workspaceId: string): Promise<number> =>
  (await tx.one<{ count: number }>(count, [workspaceId]))?.count ?? 0;

const insert = statement(
  "member_insert",
  "INSERT INTO members (workspace_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING user_id",
);
/** False where they are one already. */
export const insertMember = async (tx: Tx, workspaceId: string, userId: string, role: Role): Promise<boolean> =>
  (await tx.one(insert, [workspaceId, userId, role])) !== null;
const role = statement("member_role_write", "UPDATE members SET role = $3 WHERE workspace_id = $1 AND user_id = $2");
export const writeRole = (tx: Tx, workspaceId: string, userId: string, value: Role) => tx.query(role, [workspaceId, userId, value]);

/** Tokens that are bound to the space go with the member. */
const remove = statement(
  "member_delete",
  `WITH tokens AS (UPDATE personal_access_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE user_id = $2 AND workspace_id = $1)
   DELETE FROM members WHERE workspace_id = $1 AND user_id = $2`,
);
export const deleteMember = (tx: Tx, workspaceId: string, userId: string) => tx.query(remove, [workspaceId, userId]);

interface Person extends Pick<UserRow, "id" | "username" | "name" | "picture" | "kind"> {}
// Plan: users_email_idx. Only an address that was shown to be theirs names somebody.
const byEmail = statement(
  "person_by_email",
  `SELECT id, username, name, picture, kind FROM users WHERE lower(email) = lower($1) AND email IS NOT NULL AND email_verified_at IS NOT NULL AND kind = 'user' LIMIT 2`,
);
/** Those with this address; more than one is told apart by username alone. */
export const peopleByEmail = (db: Queries, email: string): Promise<Person[]> => db.query<Person>(byEmail, [email]);
// Held in a transaction: a service may end meanwhile.
const byUsername = statement("person_by_username", "SELECT id, username, name, picture, kind FROM users WHERE username = $1 FOR KEY SHARE");
export const personByUsername = (db: Queries, username: string): Promise<Person | null> => db.one<Person>(byUsername, [plain(username)]);

// Plan: runs_actor_page_idx.
const waiting = statement(
  "member_waiting_runs",
  `SELECT id, capsule_id FROM runs WHERE workspace_id = $1 AND actor_id = $2 AND status IN ('queued', 'awaiting_approval') ORDER BY capsule_id, id LIMIT $3`,
);
export const waitingRuns = (tx: Tx, workspaceId: string, userId: string, take: number) =>
  tx.query<{ id: string; capsule_id: string }>(waiting, [workspaceId, userId, take]);
