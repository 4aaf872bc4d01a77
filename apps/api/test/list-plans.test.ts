import type { Db } from "@takosumi/db/db";
import { type Statement, statement } from "@takosumi/db/sql";
import { createActor } from "@takosumi/testkit/actors";
import { type TestDatabase, testDatabase } from "@takosumi/testkit/database";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listEvents } from "../src/deploy/audit/repository.ts";
import { listCapsules } from "../src/deploy/capsules/repository.ts";
import { listConnections } from "../src/deploy/connections/repository.ts";
import { listProjects } from "../src/deploy/projects/repository.ts";
import { listChanges } from "../src/deploy/runs/changes/repository.ts";
import { listRuns, type Needs } from "../src/deploy/runs/repository.ts";
import { listSecrets } from "../src/deploy/secrets/repository.ts";
import { listStates } from "../src/deploy/state/repository.ts";

let database: TestDatabase;
const workspace = "ws_0001";
const id = (prefix: string, of: string, width = 4) => `'${prefix}' || lpad((${of})::text, ${width}, '0')`;
const many = 20_000;
const from = `FROM generate_series(1, ${many}) i`;

/** Rows of a hundred Workspaces, Projects and Capsules, mixed: what a list needs lies all over the table. */
const seeds = (owner: string) => [
  `INSERT INTO workspaces (id, slug, name, kind, owner_id) SELECT ${id("ws_", "i")}, 's' || i, 'n', 'team', '${owner}' FROM generate_series(0, 99) i`,
  `INSERT INTO projects (id, workspace_id, name, slug) SELECT ${id("prj_", "i", 6)}, ${id("ws_", "i % 100")}, 'p', 'p' || i ${from}`,
  `INSERT INTO secrets (id, workspace_id, name, sealed) SELECT ${id("sec_", "i", 6)}, ${id("ws_", "i % 100")}, 's' || i, 'x' ${from}`,
  `INSERT INTO connections (id, workspace_id, name, provider, recipe_id, recipe_mode, fields, files)
     SELECT ${id("conn_", "i", 6)}, ${id("ws_", "i % 100")}, 'c' || i, 'p' || i / 100 % 10, 'r', 'm', '{}', '[]' ${from}`,
  `INSERT INTO capsules (id, workspace_id, project_id, name, status, source, module_path, variables, provider_bindings)
     SELECT ${id("cap_", "i", 6)}, ${id("ws_", "i % 100")}, ${id("prj_", "1 + i % 200", 6)}, 'c' || i, 'pending', '{}', '.', '[]', '[]' ${from}`,
  `INSERT INTO state_versions (id, workspace_id, capsule_id, previous_id, serial, lineage, digest, size_bytes, outputs)
     SELECT ${id("sv_", "i", 6)}, '${workspace}', ${id("cap_", "1 + i % 100", 6)}, 'sv_' || i, i, 'l', 'd', 1, '[]' ${from}`,
  `INSERT INTO audit_events (id, chain_id, sequence, workspace_id, actor, actor_id, action, target_type, target_id, capsule_id, run_id, metadata, previous_hash, hash, created_at)
     SELECT 'aud_' || i, ${id("ws_", "i % 10")}, i, ${id("ws_", "i % 10")}, '{}', 'usr_' || i / 7 % 50, 'run.a' || i / 3 % 30, 'run', 'r',
       'cap_' || i / 11 % 100, 'run_' || i / 13 % 500, '{}', 'p', 'h', now() ${from}`,
  `INSERT INTO runs (id, workspace_id, project_id, capsule_id, kind, mode, status, pool, actor, actor_id, module_path, config_revision, variables, variable_set,
       variable_set_digest, base_lineage, base_serial, base_digest, timeout_seconds)
     SELECT ${id("run_", "i", 6)}, ${id("ws_", "i % 100")}, ${id("prj_", "1 + i % 200", 6)}, ${id("cap_", "1 + i % 1000", 6)},
       CASE WHEN i % 97 = 0 THEN 'destroy' ELSE 'plan' END, 'normal', CASE WHEN i % 89 = 0 THEN 'planned' WHEN i % 5 = 0 THEN 'failed' ELSE 'succeeded' END,
       'default', '{}', 'usr_' || i / 7 % 50, '.', 1, '[]', '', '', '', 0, '', 60 ${from}`,
  `INSERT INTO run_changes (run_id, position, risk, address, data)
     SELECT ${id("run_", "1 + i % 100", 6)}, i / 100, 'low', 'a', '{}' ${from}`,
  `INSERT INTO approvals (run_id, user_id, user_name) SELECT ${id("run_", "i", 6)}, 'usr_' || i % 50, 'n' ${from}`,
  "VACUUM ANALYZE",
];

beforeAll(async () => {
  database = await testDatabase();
  const { user_id } = await createActor(database.db);
  for (const seed of seeds(user_id)) await database.db.prisma.$executeRawUnsafe(seed);
});
afterAll(() => database.drop());

/** The statement that a list sends, and its values. */
async function sentBy(list: (db: Db) => Promise<unknown>): Promise<readonly [Statement, readonly unknown[]]> {
  let sent: readonly [Statement, readonly unknown[]] | undefined;
  await list({ query: async (text: Statement, values: readonly unknown[] = []) => ((sent = [text, values]), []) } as unknown as Db);
  if (!sent) throw new Error("The list asked nothing");
  return sent;
}
const literal = (value: unknown): string => {
  if (value === null) return "NULL";
  if (Array.isArray(value)) return `ARRAY[${value.map(literal).join(", ")}]`;
  return typeof value === "string" ? `'${value}'` : String(value);
};

/** The plan that a prepared statement has from its sixth use on, whatever its values. */
async function genericPlan([{ name, text }, values]: Awaited<ReturnType<typeof sentBy>>): Promise<string> {
  return database.db.transaction(async (tx) => {
    await tx.query(statement("plan_mode", "SET LOCAL plan_cache_mode = force_generic_plan"));
    await tx.query(statement(`plan_of_${name}`, `PREPARE plan_${name} AS ${text}`));
    const explain = `EXPLAIN EXECUTE plan_${name} (${values.map(literal).join(", ")})`;
    return (await tx.query<{ "QUERY PLAN": string }>(statement(`explain_${name}`, explain))).map((row) => row["QUERY PLAN"]).join("\n");
  });
}

const needs: Needs = { statuses: ["planned"], destroys: true, owner: false, user_id: "usr_1" };
const run = { capsule_id: undefined, project_id: undefined, status: undefined, kind: undefined, actor_id: undefined, needs: null };
const runs = (db: Db, given: object) => listRuns(db, { ...run, workspace_id: workspace, before: "run_015000", take: 51, ...given });
const page = { after: null, status: undefined, take: 51 };
const event = { capsule_id: undefined, run_id: undefined, actor_id: undefined, action: undefined, before: "15000", take: 51 };
const lists: [string, (db: Db) => Promise<unknown>][] = [
  ["projects_page_idx", (db) => listProjects(db, workspace, null, 51)],
  ["secrets_page_idx", (db) => listSecrets(db, workspace, "sec_000100", 51)],
  ["connections_page_idx", (db) => listConnections(db, workspace, { after: null, provider: undefined, take: 51 })],
  ["connections_provider_page_idx", (db) => listConnections(db, workspace, { after: null, provider: "p1", take: 51 })],
  ["capsules_page_idx", (db) => listCapsules(db, "workspace_id", workspace, page)],
  ["capsules_project_page_idx", (db) => listCapsules(db, "project_id", "prj_000001", page)],
  ["capsules_status_idx", (db) => listCapsules(db, "workspace_id", workspace, { ...page, status: "active" })],
  ["capsules_project_status_idx", (db) => listCapsules(db, "project_id", "prj_000001", { ...page, status: "active" })],
  ["runs_workspace_page_idx", (db) => runs(db, {})],
  ["runs_workspace_status_idx", (db) => runs(db, { status: "failed" })],
  ["runs_workspace_writes_idx", (db) => runs(db, { kind: "destroy" })],
  ["runs_actor_page_idx", (db) => runs(db, { actor_id: "usr_1" })],
  ["runs_waiting_idx", (db) => runs(db, { needs })],
  ["runs_project_page_idx", (db) => runs(db, { project_id: "prj_000001" })],
  ["runs_project_status_idx", (db) => runs(db, { project_id: "prj_000001", status: "failed" })],
  ["runs_capsule_page_idx", (db) => runs(db, { capsule_id: "cap_000001" })],
  ["runs_capsule_status_idx", (db) => runs(db, { capsule_id: "cap_000001", status: "failed" })],
  ["run_changes_pkey", (db) => listChanges(db, "run_000001", { after: -1, take: 51 })],
  ["state_versions_page_idx", (db) => listStates(db, "cap_000001", null, 51)],
  ["audit_events_chain_key", (db) => listEvents(db, { ...event, workspace_id: workspace })],
  ["audit_events_run_idx", (db) => listEvents(db, { ...event, workspace_id: workspace, run_id: "run_1" })],
  ["audit_events_capsule_idx", (db) => listEvents(db, { ...event, workspace_id: workspace, capsule_id: "cap_1" })],
  ["audit_events_actor_idx", (db) => listEvents(db, { ...event, workspace_id: workspace, actor_id: "usr_1" })],
  ["audit_events_action_idx", (db) => listEvents(db, { ...event, workspace_id: workspace, action: "run.a1" })],
];

it.each(lists)("a page is read from %s in its order, without sorting", async (index, list) => {
  const plan = await genericPlan(await sentBy(list));
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan|Sort/);
});
