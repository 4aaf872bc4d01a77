import type { InvitationRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Locator, Tx } from "../../world.ts";
import { locatorOf } from "../membership/repository.ts";

export type ShownInvitation = InvitationRow & { readonly username: string | null };
const shown = "SELECT i.*, u.username FROM invitations i LEFT JOIN users u ON u.id = i.user_id";

const inSpace = locatorOf("invitation", "invitations", "located.ended_at IS NULL");
export const locateInvitation: Locator<"invitation"> = async (db, id, reader, within) => {
  const found = await inSpace(db, id, reader, within);
  return found && found.workspace_id === within.workspace?.id ? found : null;
};

// Plan: invitations_page_idx, backwards from the cursor.
const page = statement(
  "invitations_page",
  `${shown} WHERE i.workspace_id = $1 AND i.ended_at IS NULL AND i.expires_at > now() AND ($2::text IS NULL OR i.id < $2) ORDER BY i.id DESC LIMIT $3`,
);
export const listInvitations = (db: Db, workspaceId: string, after: string | null, take: number): Promise<ShownInvitation[]> =>
  db.query<ShownInvitation>(page, [workspaceId, after, take]);
const count = statement(
  "invitations_count",
  "SELECT count(*) AS count FROM invitations WHERE workspace_id = $1 AND ended_at IS NULL AND expires_at > now()",
);
export const countInvitations = async (tx: Tx, workspaceId: string): Promise<number> =>
  (await tx.one<{ count: number }>(count, [workspaceId]))?.count ?? 0;

/** The one before of the same address or person is over. */
const replace = statement(
  "invitation_replace",
  "UPDATE invitations SET ended_at = now() WHERE workspace_id = $1 AND ended_at IS NULL AND (email = $2 OR user_id = $3)",
);
const insert = statement(
  "invitation_insert",
  `WITH i AS (INSERT INTO invitations (id, workspace_id, email, user_id, role, token_hash, invited_by, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, now() + interval '7 days') RETURNING *)
   SELECT i.*, u.username FROM i LEFT JOIN users u ON u.id = i.user_id`,
);
export type NewInvitation = Pick<InvitationRow, "id" | "workspace_id" | "email" | "user_id" | "role" | "token_hash" | "invited_by">;
export async function insertInvitation(tx: Tx, row: NewInvitation): Promise<ShownInvitation> {
  await tx.query(replace, [row.workspace_id, row.email, row.user_id]);
  const values = [row.id, row.workspace_id, row.email, row.user_id, row.role, row.token_hash, JSON.stringify(row.invited_by)];
  return (await tx.one<ShownInvitation>(insert, values)) as ShownInvitation;
}

/** With the space that it leads to. */
export type Offered = InvitationRow & { readonly space_name: string; readonly space_slug: string; readonly over: boolean };
const offered = `SELECT i.*, w.name AS space_name, w.slug AS space_slug, (i.ended_at IS NOT NULL OR i.expires_at <= now()) AS over
  FROM invitations i JOIN workspaces w ON w.id = i.workspace_id AND w.deleted_at IS NULL`;
// Plans: invitations_token_hash_key; the primary key.
const byToken = statement("invitation_by_token", `${offered} WHERE i.token_hash = $1 OR (i.id = $2 AND i.user_id = $3)`);
const hold = statement("invitation_hold", `${offered} WHERE i.token_hash = $1 OR (i.id = $2 AND i.user_id = $3) FOR UPDATE OF i`);
/** By what stood in the mail, or by the id of one's own. */
export const findOffer = (db: Db, hash: string, id: string, userId: string | null) => db.one<Offered>(byToken, [hash, id, userId]);
export const holdOffer = (tx: Tx, hash: string, id: string, userId: string | null) => tx.one<Offered>(hold, [hash, id, userId]);

const end = statement("invitation_end", "UPDATE invitations SET ended_at = coalesce(ended_at, now()) WHERE id = $1 RETURNING *");
export const endInvitation = async (tx: Tx, id: string): Promise<InvitationRow> =>
  (await tx.one<InvitationRow>(end, [id])) as InvitationRow;

const endOf = statement(
  "invitations_end_of",
  `UPDATE invitations SET ended_at = now() WHERE workspace_id = $1 AND ended_at IS NULL AND invited_by->>'id' = $2`,
);
/** Those that somebody made who is no member any more: one of them might be to themselves. */
export const endInvitationsOf = (tx: Tx, workspaceId: string, userId: string) => tx.query(endOf, [workspaceId, userId]);

const forget = statement(
  "invitations_forget",
  "DELETE FROM invitations WHERE id IN (SELECT id FROM invitations WHERE expires_at <= now() - interval '30 days' ORDER BY expires_at LIMIT $1)",
);
/** A batch of those that are long over. */
export const forgetInvitations = (db: Pick<Db, "query">, most: number) => db.query(forget, [most]);
