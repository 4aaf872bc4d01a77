import type { Tx } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

/** Processes that start at once come one after the other. */
const lock = statement("bootstrap_lock", "SELECT pg_advisory_xact_lock(7218340558)");
export const lockBootstrap = (tx: Tx) => tx.query(lock);

export interface Owner {
  readonly user_id: string;
  readonly workspace_id: string;
}
/** The first owner, with their personal Workspace. */
const firstOwner = statement(
  "bootstrap_owner",
  `SELECT u.id AS user_id, w.id AS workspace_id FROM users u JOIN workspaces w ON w.owner_id = u.id AND w.kind = 'personal'
    WHERE u.is_instance_admin ORDER BY u.created_at, u.id LIMIT 1`,
);
export const findOwner = (tx: Tx) => tx.one<Owner>(firstOwner);

const anybody = statement("bootstrap_anybody", "SELECT id FROM users LIMIT 1");
export const hasUsers = async (tx: Tx): Promise<boolean> => (await tx.one(anybody)) !== null;

/** User, personal Workspace and membership in one statement; the foreign keys are checked at its end. */
const insertOwner = statement(
  "bootstrap_owner_insert",
  `WITH made AS (INSERT INTO users (id, username, name, is_instance_admin) VALUES ($1, $3, $4, true)),
        workspace AS (INSERT INTO workspaces (id, slug, name, kind, owner_id) VALUES ($2, $3, $4, 'personal', $1)),
        named AS (INSERT INTO names (name, workspace_id) VALUES ($3, $2))
   INSERT INTO members (workspace_id, user_id, role) VALUES ($2, $1, 'owner')`,
);
export const insertFirstOwner = (tx: Tx, { user_id, workspace_id }: Owner, username: string, name: string) =>
  tx.query(insertOwner, [user_id, workspace_id, username, name]);

const patByHash = statement(
  "bootstrap_pat",
  "SELECT id, revoked_at IS NOT NULL AS revoked FROM personal_access_tokens WHERE token_hash = $1",
);
export const findPat = (tx: Tx, hash: string) => tx.one<{ id: string; revoked: boolean }>(patByHash, [hash]);
const insertPat = statement(
  "bootstrap_pat_insert",
  "INSERT INTO personal_access_tokens (id, user_id, name, token_hash) VALUES ($1, $2, 'bootstrap', $3)",
);
export const insertBootstrapPat = (tx: Tx, id: string, userId: string, hash: string) => tx.query(insertPat, [id, userId, hash]);
const deletePat = statement("bootstrap_pat_delete", "DELETE FROM personal_access_tokens WHERE id = $1");
export const removePat = (tx: Tx, id: string) => tx.query(deletePat, [id]);

const runnerByHash = statement("bootstrap_runner_token", "SELECT id FROM runner_tokens WHERE token_hash = $1");
export const findRunnerTokenId = async (tx: Tx, hash: string) => (await tx.one<{ id: string }>(runnerByHash, [hash]))?.id ?? null;
const insertRunner = statement("bootstrap_runner_insert", "INSERT INTO runner_tokens (id, pool, token_hash) VALUES ($1, $2, $3)");
export const insertRunnerToken = (tx: Tx, id: string, pool: string, hash: string) => tx.query(insertRunner, [id, pool, hash]);
/** Runners are registered under a token: it is revoked, never deleted. */
const reviveRunner = statement("bootstrap_runner_revive", "UPDATE runner_tokens SET revoked_at = NULL WHERE id = $1");
export const reviveRunnerToken = (tx: Tx, id: string) => tx.query(reviveRunner, [id]);
const revokeRunner = statement(
  "bootstrap_runner_revoke",
  "UPDATE runner_tokens SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL",
);
export const revokeRunnerToken = (tx: Tx, id: string) => tx.query(revokeRunner, [id]);
