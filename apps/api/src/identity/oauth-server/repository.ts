import type { Queries } from "@takosumi/db/db";
import { gathered } from "@takosumi/db/gathered";
import { statement } from "@takosumi/db/sql";
import type { Db, Tx } from "../../world.ts";

export interface ArtifactRow {
  readonly grant_id: string | null;
  readonly client_id: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly consumed_at: Date | null;
}

/** Refused by the foreign key where the grant has gone meanwhile; else the grant lasts as long as what is made under it, a year at most. */
const insert = statement(
  "oauth_artifact_insert",
  `WITH family AS (UPDATE oauth_grants SET expires_at = least(greatest(expires_at, to_timestamp($7)), created_at + interval '365 days') WHERE id = $4)
   INSERT INTO oauth_artifacts (id, kind, client_id, grant_id, user_code_hash, payload, expires_at)
   VALUES ($1, $2, $3, $4, $5, $6::jsonb, to_timestamp($7))`,
);
export const insertArtifact = (
  tx: Queries,
  row: {
    readonly id: string;
    readonly kind: string;
    readonly client_id: string;
    readonly grant_id: string | null;
    readonly user_code_hash: string | null;
    readonly payload: object;
    readonly expires: number;
  },
) => tx.query(insert, [row.id, row.kind, row.client_id, row.grant_id, row.user_code_hash, JSON.stringify(row.payload), row.expires]);

// Plan: the primary key.
const find = statement(
  "oauth_artifact_find",
  `SELECT a.grant_id, a.client_id, a.payload, a.consumed_at FROM oauth_artifacts a WHERE a.id = $1 AND a.kind = $2`,
);
export const findArtifact = (db: Db, kind: string, id: string) => db.one<ArtifactRow>(find, [id, kind]);

/** True for exactly one of all who ask, however many at once. */
const consume = statement(
  "oauth_artifact_consume",
  "UPDATE oauth_artifacts SET consumed_at = now() WHERE id = $1 AND kind = $2 AND consumed_at IS NULL RETURNING id",
);
export const consumeArtifact = async (tx: Queries, kind: string, id: string): Promise<boolean> =>
  (await tx.one(consume, [id, kind])) !== null;

const remove = statement("oauth_artifact_remove", "DELETE FROM oauth_artifacts WHERE id = $1 AND kind = $2 RETURNING client_id, grant_id");
export const removeArtifact = (tx: Queries, kind: string, id: string) =>
  tx.one<Pick<ArtifactRow, "client_id" | "grant_id">>(remove, [id, kind]);

/** Polls that came too early wait five seconds longer each time. */
const poll = statement(
  "oauth_device_poll",
  `UPDATE oauth_artifacts a SET poll_after = now() + a.poll_seconds * interval '1 second',
          poll_seconds = CASE WHEN before.early THEN least(a.poll_seconds + 5, 60) ELSE a.poll_seconds END
     FROM (SELECT id, poll_after > now() AS early FROM oauth_artifacts WHERE id = $1 AND kind = 'DeviceCode' FOR UPDATE) before
    WHERE a.id = before.id RETURNING before.early`,
);
/** Whether a device asked again before its interval was over. */
export const polledEarly = async (db: Db, id: string): Promise<boolean> =>
  (await db.one<{ early: boolean | null }>(poll, [id]))?.early === true;

export interface GrantRow {
  readonly id: string;
  readonly user_id: string;
  readonly client_id: string;
  readonly scopes: readonly string[];
  readonly expires: number;
}
// Plan: three primary keys. What its client may no longer ask for is no part of it.
const grant = statement(
  "oauth_grant_find",
  `SELECT g.id, c.user_id, c.client_id, ARRAY(SELECT scope FROM unnest(g.scopes) AS scope WHERE scope = ANY (client.scopes)) AS scopes,
          extract(epoch FROM g.expires_at)::int8 AS expires
     FROM oauth_grants g JOIN oauth_consents c ON c.id = g.consent_id JOIN oauth_clients client ON client.id = c.client_id WHERE g.id = $1`,
);
export const findGrant = (db: Queries, id: string) => db.one<GrantRow>(grant, [id]);
/** Gone in an hour where nothing comes of it. Of one consent a hundred last, the newest. */
const insertOne = statement(
  "oauth_grant_insert",
  `WITH old AS (DELETE FROM oauth_grants WHERE id IN (SELECT id FROM oauth_grants WHERE consent_id = $2 ORDER BY id DESC OFFSET 99))
   INSERT INTO oauth_grants (id, consent_id, scopes, expires_at) VALUES ($1, $2, $3, now() + interval '1 hour')`,
);
export const insertGrant = (tx: Queries, id: string, consentId: string, scopes: readonly string[]) =>
  tx.query(insertOne, [id, consentId, scopes]);
/** Ends a family: its codes and tokens go with it. */
const removeOne = statement(
  "oauth_grant_remove",
  `WITH gone AS (DELETE FROM oauth_grants WHERE id = $1 RETURNING consent_id)
   SELECT c.user_id, c.client_id FROM gone JOIN oauth_consents c ON c.id = gone.consent_id`,
);
export const removeGrant = (tx: Queries, id: string) => tx.one<Pick<GrantRow, "user_id" | "client_id">>(removeOne, [id]);

const expired = statement(
  "oauth_artifacts_expired",
  "DELETE FROM oauth_artifacts WHERE id IN (SELECT id FROM oauth_artifacts WHERE expires_at <= now() - interval '1 day' LIMIT $1) RETURNING id",
);
const expiredGrants = statement(
  "oauth_grants_expired",
  "DELETE FROM oauth_grants WHERE id IN (SELECT id FROM oauth_grants WHERE expires_at <= now() LIMIT $1) RETURNING id",
);
/** Removes what nothing can be done with any more, at most so many of each; answers how many. */
export const forgetExpired = async (db: Db, most: number): Promise<number> =>
  (await db.query(expired, [most])).length + (await db.query(expiredGrants, [most])).length;

export interface AccessHolder {
  readonly token_id: string;
  readonly scope: string | null;
  /** What its client may ask for now. */
  readonly allowed: readonly string[];
  readonly expires_at: Date;
  readonly expired: boolean;
  readonly user_id: string | null;
  readonly user_kind: "user" | "service";
  readonly user_name: string | null;
  readonly client_name: string;
}
/** Primary keys all the way: the token, its grant and consent, then who it acts for. A client by itself acts as its service. */
export const findAccessHolder = gathered<AccessHolder>(
  "oauth_access_holder",
  `SELECT a.id AS token_id, a.payload ->> 'scope' AS scope, client.scopes AS allowed, a.expires_at, a.expires_at <= now() AS expired,
          u.id AS user_id, u.kind AS user_kind, u.name AS user_name, client.name AS client_name
     FROM oauth_artifacts a JOIN oauth_clients client ON client.id = a.client_id AND client.status = 'active'
       LEFT JOIN oauth_grants g ON g.id = a.grant_id LEFT JOIN oauth_consents c ON c.id = g.consent_id
       LEFT JOIN users u ON u.id = CASE WHEN a.kind = 'AccessToken' THEN c.user_id ELSE client.service_id END
    WHERE a.id = asked.key AND a.kind IN ('AccessToken', 'ClientCredentials')`,
);

export interface Person {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly email: string | null;
  readonly email_verified: boolean;
  readonly picture: string | null;
}
const person = statement(
  "oauth_person",
  "SELECT id, username, name, email, email_verified_at IS NOT NULL AS email_verified, picture FROM users WHERE id = $1 AND kind = 'user'",
);
export const findPerson = (db: Db, id: string) => db.one<Person>(person, [id]);

/** In whose chain of the audit something stands: that of a person's own Workspace. */
const home = statement("oauth_home", "SELECT id FROM workspaces WHERE owner_id = $1 AND kind = 'personal'");
export const homeOf = async (tx: Queries, userId: string): Promise<string | null> =>
  (await tx.one<{ id: string }>(home, [userId]))?.id ?? null;

/** Whoever waits here comes after those before, until the end of the transaction. */
const keyLock = statement("oauth_key_lock", "SELECT pg_advisory_xact_lock(7218340561)");
export const lockKeys = (tx: Tx) => tx.query(keyLock);
export interface KeyRow {
  readonly id: string;
  readonly sealed: string;
  /** Days since it began to sign. */
  readonly age: number;
}
const keys = statement(
  "oauth_keys",
  `SELECT id, sealed, extract(epoch FROM now() - created_at)::float8 / 86400 AS age FROM oauth_signing_keys
    WHERE retired_at IS NULL OR retired_at > now() - interval '1 day' ORDER BY created_at DESC, id LIMIT 20`,
);
/** The one that signs first, then those that are still shown. */
export const shownKeys = (db: Queries) => db.query<KeyRow>(keys);
const retire = statement("oauth_keys_retire", "UPDATE oauth_signing_keys SET retired_at = now() WHERE retired_at IS NULL");
const insertNew = statement("oauth_key_insert", "INSERT INTO oauth_signing_keys (id, sealed) VALUES ($1, $2)");
/** The new key signs from now on; the one before it is shown for another day. */
export async function replaceKey(tx: Tx, id: string, sealed: string): Promise<void> {
  await tx.query(retire);
  await tx.query(insertNew, [id, sealed]);
  await tx.notify("takosumi_oauth_keys", id);
}
