import type { ConnectionRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";

/** A connection, and the names of its fields that Secrets fill. */
export type KnownConnection = ConnectionRow & { readonly secret_fields: readonly string[] };

/** Connections of a Workspace by id, deleted ones too. $1 Workspace, $2 ids. Plan: primary keys. */
export const connectionsById = statement(
  "connections_by_id",
  `SELECT c.*, (SELECT coalesce(array_agg(s.field ORDER BY s.field), '{}') FROM connection_secrets s WHERE s.connection_id = c.id) AS secret_fields
   FROM connections c WHERE c.workspace_id = $1 AND c.id = ANY ($2::text[])`,
);
