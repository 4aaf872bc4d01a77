import type { ConnectionRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";

/** A connection, the names of its fields that Secrets fill, and whether its credentials ended by the clock of the database. */
export type KnownConnection = ConnectionRow & { readonly secret_fields: readonly string[]; readonly expired: boolean };

/** Connections of a Workspace by id, deleted ones too. $1 Workspace, $2 ids. Plan: primary keys. */
export const connectionsById = statement(
  "connections_by_id",
  `SELECT c.*, coalesce(c.expires_at <= now(), false) AS expired, (SELECT coalesce(array_agg(s.field ORDER BY s.field), '{}') FROM connection_secrets s WHERE s.connection_id = c.id) AS secret_fields
   FROM connections c WHERE c.workspace_id = $1 AND c.id = ANY ($2::text[])`,
);

/** The Secrets behind fields of connections, still sealed. $1 Workspace, $2 connection ids. Plan: primary keys. */
export const connectionSecrets = statement(
  "connection_secrets_sealed",
  `SELECT s.connection_id, s.field, k.id, k.sealed, k.updated_at FROM connection_secrets s JOIN secrets k ON k.id = s.secret_id
   WHERE s.connection_id = ANY ($2::text[]) AND k.workspace_id = $1`,
);
export interface SealedField {
  readonly connection_id: string;
  readonly field: string;
  readonly id: string;
  readonly sealed: string;
  readonly updated_at: Date;
}
