import type { Policy } from "@takosumi/contracts/deploy/policy";
import type { Queries } from "@takosumi/db/db";
import type { ProjectRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { locatorOf } from "../../tenancy/membership/repository.ts";
import type { Db, Tx } from "../../world.ts";

export const locateProject = locatorOf("project", "projects", "located.deleted_at IS NULL");

// Plan: projects_page_idx from the cursor on; no id is below "".
const page = statement(
  "projects_page",
  `SELECT * FROM projects WHERE workspace_id = $1 AND deleted_at IS NULL AND id > $2 ORDER BY id LIMIT $3`,
);
export const listProjects = (db: Db, workspaceId: string, after: string | null, take: number): Promise<ProjectRow[]> =>
  db.query<ProjectRow>(page, [workspaceId, after ?? "", take]);

// Plan: projects_slug_key.
const taken = statement(
  "project_slugs_taken",
  `SELECT slug FROM projects WHERE workspace_id = $1 AND slug = ANY($2::text[]) AND deleted_at IS NULL`,
);
export const takenSlugs = async (db: Queries, workspaceId: string, slugs: readonly string[]): Promise<Set<string>> =>
  new Set((await db.query<{ slug: string }>(taken, [workspaceId, slugs])).map(({ slug }) => slug));

const insert = statement(
  "project_insert",
  `INSERT INTO projects (id, workspace_id, name, slug, description, policy) VALUES ($1, $2, $3, $4, $5, $6::jsonb)
   ON CONFLICT (workspace_id, slug) WHERE deleted_at IS NULL DO NOTHING RETURNING *`,
);
/** Null where the slug is taken. */
export const insertProject = (
  tx: Tx,
  row: Pick<ProjectRow, "id" | "workspace_id" | "name" | "slug" | "description" | "policy">,
): Promise<ProjectRow | null> =>
  tx.one<ProjectRow>(insert, [row.id, row.workspace_id, row.name, row.slug, row.description, JSON.stringify(row.policy)]);

const hold = statement("project_hold", `SELECT * FROM projects WHERE id = $1 AND deleted_at IS NULL FOR UPDATE`);
export const holdProject = (tx: Tx, id: string): Promise<ProjectRow | null> => tx.one<ProjectRow>(hold, [id]);
const share = statement("project_share", `SELECT id FROM projects WHERE id = $1 AND deleted_at IS NULL FOR SHARE`);
/** Whether the Project is there, and stays there until the transaction ends. */
export const keepProject = async (tx: Tx, id: string): Promise<boolean> => (await tx.one(share, [id])) !== null;

const update = statement(
  "project_update",
  `UPDATE projects SET name = $2, slug = $3, description = $4, policy = $5::jsonb, updated_at = now() WHERE id = $1 RETURNING *`,
);
/** Throws UniqueViolation where the slug is taken. */
export const updateProject = async (
  tx: Tx,
  row: Pick<ProjectRow, "id" | "name" | "slug" | "description" | "policy">,
): Promise<ProjectRow> =>
  (await tx.one<ProjectRow>(update, [row.id, row.name, row.slug, row.description, JSON.stringify(row.policy)])) as ProjectRow;

// Plan: capsules_project_page_idx.
const capsuleNames = statement(
  "project_capsule_names",
  `SELECT name FROM capsules WHERE project_id = $1 AND deleted_at IS NULL ORDER BY id LIMIT $2`,
);
export const capsuleNamesOf = async (tx: Tx, id: string, take: number): Promise<string[]> =>
  (await tx.query<{ name: string }>(capsuleNames, [id, take])).map(({ name }) => name);
const bury = statement("project_bury", `UPDATE projects SET deleted_at = now(), updated_at = now() WHERE id = $1 RETURNING *`);
export const buryProject = async (tx: Tx, id: string): Promise<ProjectRow> => (await tx.one<ProjectRow>(bury, [id])) as ProjectRow;

const policies = statement(
  "project_capsule_policies",
  `SELECT DISTINCT policy FROM capsules WHERE project_id = $1 AND deleted_at IS NULL LIMIT 10000`,
);
export const capsulePolicies = async (tx: Tx, id: string): Promise<Policy[]> =>
  (await tx.query<{ policy: Policy }>(policies, [id])).map(({ policy }) => policy);
const raise = statement(
  "project_raise_revisions",
  `UPDATE capsules SET config_revision = config_revision + 1, updated_at = now() WHERE project_id = $1 AND deleted_at IS NULL AND policy = ANY($2::jsonb[])`,
);
/** The Capsules whose own policy is one of these have a configuration of another revision from here on. */
export const raiseRevisions = (tx: Tx, id: string, own: readonly Policy[]): Promise<object[]> =>
  tx.query(raise, [id, own.map((policy) => JSON.stringify(policy))]);

// Plan: capsules_project_page_idx, each row with a look at runs_capsule_status_idx.
const waiting = statement(
  "project_capsules_waiting",
  `SELECT c.id FROM capsules c WHERE c.project_id = $1 AND c.deleted_at IS NULL AND c.policy = ANY($2::jsonb[]) AND c.id > $3
     AND EXISTS (SELECT FROM runs r WHERE r.capsule_id = c.id AND r.status IN ('queued', 'planned', 'awaiting_approval'))
   ORDER BY c.id LIMIT $4`,
);
/** Those of them that have a Run which waits, by id. */
export const capsulesWaiting = (tx: Tx, id: string, own: readonly Policy[], after: string, take: number): Promise<{ id: string }[]> =>
  tx.query<{ id: string }>(waiting, [id, own.map((policy) => JSON.stringify(policy)), after, take]);
