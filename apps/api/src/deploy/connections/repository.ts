import type { Queries } from "@takosumi/db/db";
import type { ConnectionRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { locatorOf } from "../../tenancy/membership/repository.ts";
import type { Db, Tx } from "../../world.ts";

/** A deleted one is found: it says that it was deleted. */
export const locateConnection = locatorOf("connection", "connections");

// Plans: connections_page_idx and connections_provider_page_idx from the cursor on; no id is below "".
const page = statement(
  "connections_page",
  `SELECT * FROM connections WHERE workspace_id = $1 AND revoked_at IS NULL AND id > $2 ORDER BY id LIMIT $3`,
);
const pageOfProvider = statement(
  "connections_page_provider",
  `SELECT * FROM connections WHERE workspace_id = $1 AND revoked_at IS NULL AND provider = $4 AND id > $2 ORDER BY id LIMIT $3`,
);
export function listConnections(
  db: Db,
  workspaceId: string,
  { after, provider, take }: { readonly after: string | null; readonly provider: string | undefined; readonly take: number },
): Promise<ConnectionRow[]> {
  const values = [workspaceId, after ?? "", take];
  return provider === undefined ? db.query(page, values) : db.query(pageOfProvider, [...values, provider]);
}

/** What stands beside a connection: the fields that Secrets fill, and what binds it. */
export interface Beside {
  readonly id: string;
  readonly secret_fields: readonly string[];
  /** Its credentials ended, by the clock of the database. */
  readonly expired: boolean;
  readonly used: number;
  readonly capsules: readonly { readonly id: string; readonly name: string; readonly project_id: string }[];
}
// Plan: for each connection its primary key and those of connection_secrets and connection_uses; at most 1,000 uses are counted.
const beside = statement(
  "connections_beside",
  `SELECT c.id, coalesce((SELECT e.expires_at <= now() FROM connections e WHERE e.id = c.id), false) AS expired,
     (SELECT coalesce(array_agg(s.field ORDER BY s.field), '{}') FROM connection_secrets s WHERE s.connection_id = c.id) AS secret_fields,
     (SELECT count(*) FROM (SELECT 1 FROM connection_uses u WHERE u.connection_id = c.id LIMIT 1000) counted) AS used,
     (SELECT coalesce(jsonb_agg(to_jsonb(k) ORDER BY k.id), '[]') FROM (
        SELECT cap.id, cap.name, cap.project_id FROM connection_uses u JOIN capsules cap ON cap.id = u.capsule_id
        WHERE u.connection_id = c.id ORDER BY u.capsule_id LIMIT $2) k) AS capsules
   FROM unnest($1::text[]) AS c (id)`,
);
export const besideOf = async (db: Queries, ids: readonly string[], capsules: number): Promise<Map<string, Beside>> =>
  new Map((await db.query<Beside>(beside, [ids, capsules])).map((one) => [one.id, one]));

type Material = Pick<ConnectionRow, "sealed" | "fields" | "files">;
const insert = statement(
  "connection_insert",
  `INSERT INTO connections (id, workspace_id, name, provider, recipe_id, recipe_mode, expires_at, sealed, fields, files)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb)
   ON CONFLICT (workspace_id, name) WHERE revoked_at IS NULL DO NOTHING RETURNING *`,
);
/** Null where the name is taken. */
export const insertConnection = (
  tx: Tx,
  row: Material & Pick<ConnectionRow, "id" | "workspace_id" | "name" | "provider" | "recipe_id" | "recipe_mode" | "expires_at">,
): Promise<ConnectionRow | null> =>
  tx.one<ConnectionRow>(insert, [
    row.id,
    row.workspace_id,
    row.name,
    row.provider,
    row.recipe_id,
    row.recipe_mode,
    row.expires_at,
    row.sealed,
    row.fields,
    JSON.stringify(row.files),
  ]);

const update = statement(
  "connection_update",
  `UPDATE connections SET name = $3, expires_at = $4, sealed = $5, fields = $6, files = $7::jsonb,
     rotated_at = CASE WHEN $8 THEN now() ELSE rotated_at END, revision = revision + 1, updated_at = now()
   WHERE id = $1 AND revision = $2 AND revoked_at IS NULL RETURNING *`,
);
/** Null where it changed or was deleted meanwhile. Throws UniqueViolation where the name is taken. */
export const updateConnection = (
  tx: Tx,
  { id, revision }: Pick<ConnectionRow, "id" | "revision">,
  next: Material & Pick<ConnectionRow, "name" | "expires_at">,
  rotated: boolean,
): Promise<ConnectionRow | null> =>
  tx.one<ConnectionRow>(update, [id, revision, next.name, next.expires_at, next.sealed, next.fields, JSON.stringify(next.files), rotated]);

const fields = statement("connection_secret_fields", `SELECT field, secret_id FROM connection_secrets WHERE connection_id = $1`);
/** Which Secret fills which field. */
export const secretsOf = async (db: Queries, id: string): Promise<Record<string, string>> =>
  Object.fromEntries((await db.query<{ field: string; secret_id: string }>(fields, [id])).map((one) => [one.field, one.secret_id]));

const dropSecrets = statement("connection_secrets_drop", `DELETE FROM connection_secrets WHERE connection_id = $1`);
// The lock keeps a Secret from being deleted until the use of it is there to see.
const addSecrets = statement(
  "connection_secrets_add",
  `INSERT INTO connection_secrets (connection_id, field, secret_id)
   SELECT $1, given.field, held.id FROM unnest($3::text[], $4::text[]) AS given (field, secret_id)
   JOIN (SELECT id FROM secrets WHERE workspace_id = $2 AND id = ANY ($4::text[]) ORDER BY id FOR KEY SHARE) held ON held.id = given.secret_id`,
);
/** Makes these the Secrets behind fields of a connection. Ids of another Workspace are left out: look for them afterwards. */
export async function useSecrets(
  tx: Tx,
  { id, workspace_id }: Pick<ConnectionRow, "id" | "workspace_id">,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  await tx.query(dropSecrets, [id]);
  if (Object.keys(secrets).length > 0) await tx.query(addSecrets, [id, workspace_id, Object.keys(secrets), Object.values(secrets)]);
}

const revoke = statement(
  "connection_revoke",
  `UPDATE connections SET sealed = NULL, fields = '{}', files = '[]', revoked_at = now(), revision = revision + 1, updated_at = now()
   WHERE id = $1 AND revoked_at IS NULL RETURNING *`,
);
/** Destroys the material and lets the Secrets go; what binds it stays bound. Null where somebody else was first. */
export async function revokeConnection(tx: Tx, id: string): Promise<ConnectionRow | null> {
  await tx.query(dropSecrets, [id]);
  return tx.one<ConnectionRow>(revoke, [id]);
}
