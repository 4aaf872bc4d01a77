import type { OauthConsentRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Tx } from "../../world.ts";

const find = statement("oauth_consent_find", "SELECT * FROM oauth_consents WHERE user_id = $1 AND client_id = $2");
export const findConsent = (db: Db, userId: string, clientId: string) => db.one<OauthConsentRow>(find, [userId, clientId]);

/** One consent a client: what was allowed before stays allowed. */
const upsert = statement(
  "oauth_consent_upsert",
  `INSERT INTO oauth_consents AS c (id, user_id, client_id, scopes) VALUES ($1, $2, $3, $4)
   ON CONFLICT (user_id, client_id) DO UPDATE
     SET scopes = ARRAY(SELECT DISTINCT unnest(c.scopes || excluded.scopes) ORDER BY 1), updated_at = now() RETURNING *`,
);
export const extendConsent = async (
  tx: Tx,
  id: string,
  userId: string,
  clientId: string,
  scopes: readonly string[],
): Promise<OauthConsentRow> => (await tx.one<OauthConsentRow>(upsert, [id, userId, clientId, scopes])) as OauthConsentRow;

const remove = statement("oauth_consent_remove", "DELETE FROM oauth_consents WHERE user_id = $1 AND client_id = $2 RETURNING *");
/** Grants, codes and tokens go with it, and nothing is issued under them any more. Null where there is none. */
export const removeConsent = (tx: Tx, userId: string, clientId: string) => tx.one<OauthConsentRow>(remove, [userId, clientId]);

export interface ListedConsent extends OauthConsentRow {
  readonly client_name: string;
  readonly logo_uri: string | null;
  readonly client_uri: string | null;
}
// Plan: oauth_consents_page_idx backwards from the cursor.
const page = statement(
  "oauth_consents_page",
  `SELECT c.*, client.name AS client_name, client.logo_uri, client.client_uri
     FROM oauth_consents c JOIN oauth_clients client ON client.id = c.client_id
    WHERE c.user_id = $1 AND ($2::text IS NULL OR c.id < $2) ORDER BY c.id DESC LIMIT $3`,
);
export const listConsents = (db: Db, userId: string, before: string | null, take: number) =>
  db.query<ListedConsent>(page, [userId, before, take]);

export interface LoggedEvent {
  readonly action: string;
  readonly target_id: string;
  readonly metadata: Record<string, unknown>;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly created_at: Date;
}
/** Of each kind of event the newest by audit_events_action_idx, so that a long chain of other events costs nothing. */
const logs = statement(
  "oauth_logs",
  `SELECT e.action, e.target_id, e.metadata, e.address, e.user_agent, e.created_at FROM unnest($2::text[]) AS kind (action), LATERAL (
     SELECT * FROM audit_events WHERE chain_id = $1 AND action = kind.action AND ($3::text IS NULL OR target_id = $3)
     ORDER BY sequence DESC LIMIT $4::int + $5::int
   ) e ORDER BY e.sequence DESC LIMIT $4 OFFSET $5`,
);
export const listLogs = (db: Db, chain: string, actions: readonly string[], clientId: string | null, limit: number, offset: number) =>
  db.query<LoggedEvent>(logs, [chain, actions, clientId, limit, offset]);
