import type { Policy } from "@takosumi/contracts/deploy/policy";
import type { Queries } from "@takosumi/db/db";
import type { CapsuleRow, ConnectionRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { locatorOf } from "../../tenancy/membership/repository.ts";
import type { Db, Tx } from "../../world.ts";

/** A Capsule with the policy of its Project, which it inherits. */
export type InheritingCapsule = CapsuleRow & { readonly project_policy: Policy };
const inherited = (capsule: string) => `(SELECT p.policy FROM projects p WHERE p.id = ${capsule}.project_id) AS project_policy`;
const returning = `RETURNING *, ${inherited("capsules")}`;

export const locateCapsule = locatorOf("capsule", "capsules", "located.deleted_at IS NULL", `, ${inherited("located")}`);

/** Also what is left of a deleted one: its Runs and states stay readable. */
export const locateKeptCapsule = locatorOf("kept_capsule", "capsules");

/** What a caller sets of a Capsule. */
export type Settings = Pick<
  CapsuleRow,
  | "name"
  | "source"
  | "source_id"
  | "source_snapshot_id"
  | "module_path"
  | "module_credentials"
  | "tool_name"
  | "tool_version"
  | "variables"
  | "provider_bindings"
  | "policy"
>;
const settingsOf = (row: Settings) => [
  row.name,
  JSON.stringify(row.source),
  row.source_snapshot_id,
  row.module_path,
  row.tool_name,
  row.tool_version,
  JSON.stringify(row.variables),
  JSON.stringify(row.provider_bindings),
  JSON.stringify(row.policy),
  row.source_id,
  JSON.stringify(row.module_credentials),
];

const page = (scope: "project_id" | "workspace_id") => {
  const of = (name: string, and: string) =>
    statement(
      name,
      `SELECT *, ${inherited("capsules")} FROM capsules WHERE ${scope} = $1 AND deleted_at IS NULL AND id > $2 ${and} ORDER BY id LIMIT $3`,
    );
  return { all: of(`capsules_page_${scope}`, ""), ofStatus: of(`capsules_page_${scope}_status`, "AND status = $4") };
};
// Plans: capsules_project_page_idx, capsules_page_idx, from the cursor on; no id is below "". A status is looked at on each row.
const pages = { project_id: page("project_id"), workspace_id: page("workspace_id") } as const;
export function listCapsules(
  db: Db,
  scope: keyof typeof pages,
  id: string,
  { after, status, take }: { readonly after: string | null; readonly status: CapsuleRow["status"] | undefined; readonly take: number },
): Promise<InheritingCapsule[]> {
  const values = [id, after ?? "", take];
  return status === undefined ? db.query(pages[scope].all, values) : db.query(pages[scope].ofStatus, [...values, status]);
}

const insert = statement(
  "capsule_insert",
  `INSERT INTO capsules (id, workspace_id, project_id, status, name, source, source_snapshot_id, module_path, tool_name, tool_version, variables, provider_bindings, policy, source_id, module_credentials)
   VALUES ($1, $2, $3, 'pending', $4, $5::jsonb, $6, $7, $8, $9, $10::jsonb, $11::jsonb, $12::jsonb, $13, $14::jsonb)
   ON CONFLICT (project_id, name) WHERE deleted_at IS NULL DO NOTHING ${returning}`,
);
/** Null where the name is taken in the Project. */
export const insertCapsule = (
  tx: Tx,
  row: Settings & Pick<CapsuleRow, "id" | "workspace_id" | "project_id">,
): Promise<InheritingCapsule | null> => tx.one<InheritingCapsule>(insert, [row.id, row.workspace_id, row.project_id, ...settingsOf(row)]);

const hold = statement("capsule_hold", `SELECT *, ${inherited("capsules")} FROM capsules WHERE id = $1 AND deleted_at IS NULL FOR UPDATE`);
/** The Capsule as it is now, held until the transaction ends: plans, approvals and changes of one Capsule go one after the other. */
export const holdCapsule = (tx: Tx, id: string): Promise<InheritingCapsule | null> => tx.one<InheritingCapsule>(hold, [id]);

const update = statement(
  "capsule_update",
  `UPDATE capsules SET name = $2, source = $3::jsonb, source_snapshot_id = $4, module_path = $5, tool_name = $6, tool_version = $7,
     variables = $8::jsonb, provider_bindings = $9::jsonb, policy = $10::jsonb, source_id = $11, module_credentials = $12::jsonb, config_revision = $13, updated_at = now()
   WHERE id = $1 ${returning}`,
);
/** Throws UniqueViolation where the name is taken. */
export const updateCapsule = async (tx: Tx, id: string, row: Settings, revision: number): Promise<InheritingCapsule> =>
  (await tx.one<InheritingCapsule>(update, [id, ...settingsOf(row), revision])) as InheritingCapsule;

/** Makes these the Secrets, or the connections, that a Capsule uses. Ids of another Workspace are left out: look for them afterwards. */
function usesOf(what: "secret" | "connection") {
  const drop = statement(`${what}_uses_drop`, `DELETE FROM ${what}_uses WHERE capsule_id = $1 AND NOT ${what}_id = ANY($2::text[])`);
  // The lock keeps one from being deleted until the use of it is there to see.
  const add = statement(
    `${what}_uses_add`,
    `INSERT INTO ${what}_uses (${what}_id, capsule_id)
     SELECT held.id, $1 FROM (SELECT id FROM ${what}s WHERE workspace_id = $2 AND id = ANY($3::text[]) ORDER BY id FOR KEY SHARE) held
     ON CONFLICT DO NOTHING`,
  );
  return async (tx: Tx, { id, workspace_id }: Pick<CapsuleRow, "id" | "workspace_id">, ids: readonly string[]): Promise<void> => {
    await tx.query(drop, [id, ids]);
    if (ids.length > 0) await tx.query(add, [id, workspace_id, ids]);
  };
}
export const useSecrets = usesOf("secret");
export const useConnections = usesOf("connection");

const served = statement(
  "capsule_connections",
  `SELECT id, name, provider, recipe_id FROM connections WHERE workspace_id = $1 AND id = ANY($2::text[])`,
);
/** The connections that bindings name, by id. */
export const boundConnections = (
  db: Queries,
  workspaceId: string,
  ids: readonly string[],
): Promise<Pick<ConnectionRow, "id" | "name" | "provider" | "recipe_id">[]> => db.query(served, [workspaceId, ids]);

// Plan: runs_capsule_status_idx.
const open = statement(
  "capsule_open_run",
  `SELECT id, kind, status FROM runs WHERE capsule_id = $1 AND status IN ('queued', 'running', 'planned', 'awaiting_approval', 'needs_recovery')
   ORDER BY (status = 'needs_recovery') DESC, id LIMIT 1`,
);
/** A Run of it that has not ended, one in recovery first. */
export const openRun = (tx: Queries, id: string): Promise<Pick<RunRow, "id" | "kind" | "status"> | null> => tx.one(open, [id]);

const bury = statement(
  "capsule_bury",
  `UPDATE capsules SET deleted_at = now(), updated_at = now(), variables = '[]', provider_bindings = '[]', module_credentials = '[]', source_id = NULL WHERE id = $1 RETURNING *`,
);
/** Leaves a tombstone without values; the name is free again, and so are its Secrets, its connections and its source. */
export async function buryCapsule(tx: Tx, row: CapsuleRow): Promise<CapsuleRow> {
  await useSecrets(tx, row, []);
  await useConnections(tx, row, []);
  return (await tx.one<CapsuleRow>(bury, [row.id])) as CapsuleRow;
}

const lock = statement(
  "capsule_lock",
  `UPDATE capsules SET lock_actor = $2::jsonb, lock_reason = $3, locked_at = now(), updated_at = now() WHERE id = $1 ${returning}`,
);
export const lockCapsule = async (tx: Tx, id: string, actor: CapsuleRow["lock_actor"], reason: string): Promise<InheritingCapsule> =>
  (await tx.one<InheritingCapsule>(lock, [id, JSON.stringify(actor), reason])) as InheritingCapsule;
const unlock = statement(
  "capsule_unlock",
  `UPDATE capsules SET lock_actor = NULL, lock_reason = NULL, locked_at = NULL, updated_at = now() WHERE id = $1 ${returning}`,
);
const queued = statement("capsule_queued_pools", `SELECT DISTINCT pool FROM runs WHERE capsule_id = $1 AND status = 'queued' LIMIT 10`);
/** Takes a person's lock away and wakes the runners that wait for what it kept. */
export async function unlockCapsule(tx: Tx, id: string): Promise<InheritingCapsule> {
  for (const { pool } of await tx.query<{ pool: string }>(queued, [id])) await tx.notify("takosumi_queue", pool);
  return (await tx.one<InheritingCapsule>(unlock, [id])) as InheritingCapsule;
}
