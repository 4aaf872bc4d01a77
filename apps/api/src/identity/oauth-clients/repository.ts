import { oauthScopes } from "@takosumi/contracts/access";
import type { Queries } from "@takosumi/db/db";
import type { OauthClientRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Locator, Tx } from "../../world.ts";

/** A scope that is no more known is passed over. */
const read = (row: OauthClientRow | null): OauthClientRow | null =>
  row && { ...row, scopes: row.scopes.filter((scope) => oauthScopes.includes(scope)) };

const active = statement("oauth_client_active", "SELECT * FROM oauth_clients WHERE id = $1 AND status = 'active'");
export const findActiveClient = async (db: Queries, id: string): Promise<OauthClientRow | null> =>
  read(await db.one<OauthClientRow>(active, [id]));

// Plan: oauth_clients_origins_idx.
const ofOrigin = statement(
  "oauth_client_of_origin",
  "SELECT id FROM oauth_clients WHERE origins_of(redirect_uris) @> ARRAY[$1::text] AND auth_method = 'none' AND status = 'active' LIMIT 1",
);
/** Whether an app that shows no secret is sent back to a page of this origin. */
export const isClientOrigin = async (db: Db, origin: string): Promise<boolean> => (await db.one(ofOrigin, [origin])) !== null;

const byManagement = statement(
  "oauth_client_managed",
  "SELECT * FROM oauth_clients WHERE id = $1 AND management_hash = $2 AND status = 'active'",
);
/** The client that a registration access token is for. */
export const findManaged = async (db: Db, id: string, hash: string): Promise<OauthClientRow | null> =>
  read(await db.one<OauthClientRow>(byManagement, [id, hash]));

const own = statement("oauth_client_locate", "SELECT * FROM oauth_clients WHERE id = $1 AND owner_id = $2");
export const locateOauthClient: Locator<"oauth_client"> = async (db, id, reader) => {
  if (id === undefined || !reader) return null;
  const row = read(await db.one<OauthClientRow>(own, [id, reader.id]));
  return row && { row, role: "owner", workspace_id: null };
};

// Plan: oauth_clients_page_idx from the cursor on.
const page = statement("oauth_clients_page", "SELECT * FROM oauth_clients WHERE owner_id = $1 AND id > $2 ORDER BY id LIMIT $3");
export const listClients = (db: Db, ownerId: string, after: string | null, take: number): Promise<OauthClientRow[]> =>
  db.query<OauthClientRow>(page, [ownerId, after ?? "", take]);

const count = statement("oauth_clients_count", "SELECT count(*)::int AS n FROM oauth_clients WHERE owner_id = $1 AND status = 'active'");
export const countClients = async (tx: Tx, ownerId: string): Promise<number> => (await tx.one<{ n: number }>(count, [ownerId]))?.n ?? 0;

export type NewClientRow = Omit<OauthClientRow, "status" | "created_at" | "updated_at" | "description">;
/** $1 the id, $2 to $13 all that may change of a client. */
const changeable = (row: Omit<NewClientRow, "owner_id">) => [
  row.id,
  row.name,
  row.redirect_uris,
  row.client_uri,
  row.logo_uri,
  row.policy_uri,
  row.tos_uri,
  row.scopes,
  row.grant_types,
  row.auth_method,
  row.secret_hash,
  row.service_id,
  row.management_hash,
];
const insert = statement(
  "oauth_client_insert",
  `INSERT INTO oauth_clients (id, name, redirect_uris, client_uri, logo_uri, policy_uri, tos_uri, scopes, grant_types, auth_method,
     secret_hash, service_id, management_hash, owner_id)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING *`,
);
export const insertClient = async (tx: Tx, row: NewClientRow): Promise<OauthClientRow> =>
  (await tx.one<OauthClientRow>(insert, [...changeable(row), row.owner_id])) as OauthClientRow;

/** A service principal: it signs in with tokens only. Its username is the client's id, which no person's can be. */
const insertOne = statement("oauth_service_insert", "INSERT INTO users (id, username, name, kind) VALUES ($1, $2, $3, 'service')");
export const insertService = (tx: Tx, id: string, clientId: string, name: string) => tx.query(insertOne, [id, clientId, name]);
const deleteOne = statement("oauth_service_delete", "DELETE FROM users WHERE id = $1 AND kind = 'service'");
const deleteTokens = statement(
  "oauth_service_tokens_end",
  "DELETE FROM oauth_artifacts WHERE client_id = $1 AND kind = 'ClientCredentials'",
);
/** The client no longer names it by then. What it did is told by the audit, which holds its name. */
export async function deleteService(tx: Tx, id: string, clientId: string): Promise<void> {
  await tx.query(deleteTokens, [clientId]);
  await tx.query(deleteOne, [id]);
}

const lock = statement("oauth_client_lock", "SELECT * FROM oauth_clients WHERE id = $1 AND status = 'active' FOR UPDATE");
/** The client as it is now, until the end of the transaction; null where it was revoked meanwhile. */
export const lockClient = async (tx: Tx, id: string): Promise<OauthClientRow | null> => read(await tx.one<OauthClientRow>(lock, [id]));

const update = statement(
  "oauth_client_update",
  `UPDATE oauth_clients SET name = $2, redirect_uris = $3, client_uri = $4, logo_uri = $5, policy_uri = $6, tos_uri = $7, scopes = $8,
     grant_types = $9, auth_method = $10, secret_hash = $11, service_id = $12, management_hash = $13, updated_at = now()
   WHERE id = $1 RETURNING *`,
);
export const updateClient = async (tx: Tx, row: Omit<NewClientRow, "owner_id">): Promise<OauthClientRow> =>
  (await tx.one<OauthClientRow>(update, changeable(row))) as OauthClientRow;

const redeemable = statement(
  "oauth_client_redeemable_end",
  "DELETE FROM oauth_artifacts WHERE client_id = $1 AND kind IN ('AuthorizationCode', 'RefreshToken', 'DeviceCode')",
);
/** Codes and refresh tokens of a client; access tokens last their hour. */
export const endRedeemable = (tx: Tx, id: string) => tx.query(redeemable, [id]);

const revoke = statement(
  "oauth_client_revoke",
  "UPDATE oauth_clients SET status = 'revoked', secret_hash = NULL, service_id = NULL, updated_at = now() WHERE id = $1 RETURNING *",
);
const endConsents = statement("oauth_client_consents_end", "DELETE FROM oauth_consents WHERE client_id = $1");
const endArtifacts = statement("oauth_client_artifacts_end", "DELETE FROM oauth_artifacts WHERE client_id = $1");
/** The client stays listed; consents, codes and tokens of it are gone. */
export async function revokeClient(tx: Tx, id: string): Promise<OauthClientRow> {
  const row = (await tx.one<OauthClientRow>(revoke, [id])) as OauthClientRow;
  await tx.query(endConsents, [id]);
  await tx.query(endArtifacts, [id]);
  return row;
}
