import type { Queries } from "@takosumi/db/db";
import type { SecretRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { locatorOf } from "../../tenancy/membership/repository.ts";
import type { Db, Tx } from "../../world.ts";

export const locateSecret = locatorOf("secret", "secrets");

// Plan: secrets_page_idx from the cursor on; no id is below "".
const page = statement("secrets_page", `SELECT * FROM secrets WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3`);
// Plan: secrets_name_key.
const named = statement("secrets_named", `SELECT * FROM secrets WHERE workspace_id = $1 AND name = $2`);
export const secretNamed = (db: Db, workspaceId: string, name: string): Promise<SecretRow[]> => db.query(named, [workspaceId, name]);
export const listSecrets = (db: Db, workspaceId: string, after: string | null, take: number): Promise<SecretRow[]> =>
  db.query<SecretRow>(page, [workspaceId, after ?? "", take]);

const insert = statement(
  "secret_insert",
  `INSERT INTO secrets (id, workspace_id, name, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, name) DO NOTHING RETURNING *`,
);
/** Null where the name is taken. */
export const insertSecret = (tx: Tx, row: Pick<SecretRow, "id" | "workspace_id" | "name" | "sealed">): Promise<SecretRow | null> =>
  tx.one<SecretRow>(insert, [row.id, row.workspace_id, row.name, row.sealed]);

const replace = statement("secret_replace", `UPDATE secrets SET sealed = $2, updated_at = now() WHERE id = $1 RETURNING *`);
/** Null where it was deleted meanwhile. */
export const replaceSecret = (tx: Tx, id: string, sealed: string): Promise<SecretRow | null> => tx.one<SecretRow>(replace, [id, sealed]);

const hold = statement("secret_hold", `SELECT * FROM secrets WHERE id = $1 FOR UPDATE`);
export const holdSecret = (tx: Tx, id: string): Promise<SecretRow | null> => tx.one<SecretRow>(hold, [id]);
// Plan: secret_uses_pkey, then each Capsule by its key.
const users = statement(
  "secret_users",
  `SELECT c.id, c.name FROM secret_uses u JOIN capsules c ON c.id = u.capsule_id WHERE u.secret_id = $1 AND c.deleted_at IS NULL ORDER BY u.capsule_id LIMIT $2`,
);
export const usersOfSecret = (tx: Queries, id: string, take: number): Promise<{ id: string; name: string }[]> =>
  tx.query(users, [id, take]);
// Plan: connection_secrets_secret_id_idx, then each connection by its key.
const connections = statement(
  "secret_connections",
  `SELECT c.id, c.name FROM (SELECT DISTINCT connection_id FROM connection_secrets WHERE secret_id = $1 ORDER BY connection_id LIMIT $2) u
   JOIN connections c ON c.id = u.connection_id ORDER BY c.id`,
);
export const connectionsOfSecret = (tx: Queries, id: string, take: number): Promise<{ id: string; name: string }[]> =>
  tx.query(connections, [id, take]);
const remove = statement("secret_delete", `DELETE FROM secrets WHERE id = $1`);
export const deleteSecret = (tx: Tx, id: string): Promise<object[]> => tx.query(remove, [id]);
