import type { Tx } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

/** One name is one row: of several that want it, one gets it. A name that was given up is its last holder's for 90 days. */
const take = statement(
  "name_take",
  `INSERT INTO names AS held (name, workspace_id) VALUES ($1, $2)
   ON CONFLICT (name) DO UPDATE SET workspace_id = excluded.workspace_id, released_at = NULL, created_at = now()
   WHERE held.released_at IS NOT NULL AND (held.workspace_id = excluded.workspace_id OR held.released_at <= now() - interval '90 days')
   RETURNING name`,
);
/** False where it is taken or held. */
export const takeName = async (tx: Tx, name: string, workspaceId: string): Promise<boolean> =>
  (await tx.one(take, [name, workspaceId])) !== null;

const release = statement("name_release", "UPDATE names SET released_at = now() WHERE name = $1 AND released_at IS NULL");
export const releaseName = (tx: Tx, name: string) => tx.query(release, [name]);

const free = statement(
  "name_free",
  `SELECT (EXISTS (SELECT FROM names WHERE name = $1 AND (released_at IS NULL OR (released_at > now() - interval '90 days'
       AND workspace_id NOT IN (SELECT id FROM workspaces WHERE owner_id = $2 AND kind = 'personal'))))) AS taken`,
);
/** Whether somebody has it or may have it back; one's own counts. */
export const isTaken = async (db: Pick<Tx, "one">, name: string, userId: string): Promise<boolean> =>
  (await db.one<{ taken: boolean }>(free, [name, userId]))?.taken === true;
