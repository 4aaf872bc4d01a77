import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type Blobs } from "@takosumi/blobs/blobs";
import { diskBlobs } from "@takosumi/blobs/disk";
import type { ReportedPlan } from "@takosumi/contracts/deploy/plan";
import { newId } from "@takosumi/contracts/ids";
import { emptyState } from "@takosumi/contracts/runner/empty-state";
import type { Lease } from "@takosumi/contracts/runner/lease";
import { dataKeyStore } from "@takosumi/db/data-keys";
import type { Db } from "@takosumi/db/db";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { openKeyring } from "@takosumi/keyring/envelope";
import { localMasterKey } from "@takosumi/keyring/master-key";
import { testDatabase } from "@takosumi/testkit/database";
import { digestOf } from "../src/base-state.ts";
import type { PlanRequest } from "../src/create-plan.ts";
import { type Engine, openEngine } from "../src/engine.ts";
import { type EngineSettings, engineDefaults } from "../src/settings.ts";

export const actor = { id: "usr_owner", kind: "user", name: "owner" } as const;

const seed = {
  user: statement("test_user", `INSERT INTO users (id, username, name) VALUES ($1, $1, $1) ON CONFLICT DO NOTHING`),
  workspace: statement("test_workspace", `INSERT INTO workspaces (id, slug, name, kind, owner_id) VALUES ($1, $2, $1, 'team', $3)`),
  member: statement("test_member", `INSERT INTO members (workspace_id, user_id, role) VALUES ($1, $2, 'admin')`),
  project: statement("test_project", `INSERT INTO projects (id, workspace_id, name, slug) VALUES ($1, $2, 'p', $3)`),
  snapshot: statement(
    "test_snapshot",
    `INSERT INTO source_snapshots (id, workspace_id, origin, digest, size_bytes, paths) VALUES ($1, $2, 'inline', $3, 3, '{main.tf}')`,
  ),
  capsule: statement(
    "test_capsule",
    `INSERT INTO capsules (id, workspace_id, project_id, name, status, source, source_snapshot_id, module_path, variables, provider_bindings)
     VALUES ($1, $2, $3, $4, 'pending', '{}', $5, '.', $6::jsonb, '[]') RETURNING *`,
  ),
  token: statement("test_token", `INSERT INTO runner_tokens (id, pool, token_hash) VALUES ($1, 'default', $1)`),
  capsuleById: statement("test_capsule_by_id", `SELECT * FROM capsules WHERE id = $1`),
  runById: statement("test_run_by_id", `SELECT * FROM runs WHERE id = $1`),
  silent: statement(
    "test_silent",
    `UPDATE runs SET heartbeat_at = heartbeat_at - $2 * interval '1 second', deadline_at = deadline_at - $2 * interval '1 second' WHERE id = $1`,
  ),
  lapse: statement("test_lapse", `UPDATE runs SET lease_expires_at = now() - interval '1 hour' WHERE id = $1`),
};

/** An engine on a database of its own, with one Workspace, and what a runner and a caller do to it. */
export async function openWorld(settings: Partial<EngineSettings> = {}) {
  const database = await testDatabase();
  const directory = await mkdtemp(join(tmpdir(), "engine-"));
  const { db } = database;
  const masterKey = localMasterKey(randomBytes(32));
  const keyring = openKeyring({ masterKeys: [masterKey], store: dataKeyStore(db) });
  const blobs = await diskBlobs({ directory, keyring });
  const failures: unknown[] = [];
  const engine = await openEngine({
    db,
    keyring,
    blobs,
    settings: { ...engineDefaults, sweepSeconds: 3_600, ...settings },
    onError: (error) => failures.push(error),
  });
  await db.query(seed.user, [actor.id]);
  await db.query(seed.token, ["rtk_1"]);
  const world = new World(db, blobs, engine);
  return {
    world,
    keyring,
    masterKey,
    failures,
    close: async () => {
      await engine.close();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const summary = { add: 1, change: 0, destroy: 0, import: 0, move: 0, forget: 0 };
const reported: ReportedPlan = { has_changes: true, summary, resource_changes: [], drift: [], output_changes: [], checks: [] };
const tool = { name: "opentofu", version: "1.12.6", digest: digestOf("tofu") } as const;

export class World {
  readonly db: Db;
  readonly blobs: Blobs;
  readonly engine: Engine;
  constructor(db: Db, blobs: Blobs, engine: Engine) {
    this.db = db;
    this.blobs = blobs;
    this.engine = engine;
  }

  async workspace(): Promise<string> {
    const id = newId("ws_");
    await this.db.query(seed.workspace, [id, id.slice(3), actor.id]);
    await this.db.query(seed.member, [id, actor.id]);
    return id;
  }
  async capsule(workspace?: string, variables: object[] = []): Promise<CapsuleRow> {
    const ws = workspace ?? (await this.workspace());
    const [project, snapshot, id] = [newId("prj_"), newId("snap_"), newId("cap_")];
    await this.db.query(seed.project, [project, ws, project.slice(4)]);
    await this.db.query(seed.snapshot, [snapshot, ws, digestOf(snapshot)]);
    await this.blobs.put({ workspace: ws, kind: "source" }, Buffer.from(snapshot));
    return (await this.db.one<CapsuleRow>(seed.capsule, [id, ws, project, "c", snapshot, JSON.stringify(variables)])) as CapsuleRow;
  }
  again = async (capsule: { id: string }) => (await this.db.one<CapsuleRow>(seed.capsuleById, [capsule.id])) as CapsuleRow;
  run = async (run: { id: string }) => (await this.db.one<RunRow>(seed.runById, [run.id])) as RunRow;
  /** So many seconds went by without a sign of life. */
  silent = (lease: { run_id: string }, seconds: number) => this.db.query(seed.silent, [lease.run_id, seconds]);
  lapse = (run: { id: string }) => this.db.query(seed.lapse, [run.id]);

  async plan(capsule: CapsuleRow, more: Partial<PlanRequest> = {}): Promise<RunRow> {
    const request = { capsule, actor, mode: "normal", targets: [], replace: [], variables: [], message: null, ...more } as const;
    const prepared = await this.engine.preparePlan(request);
    return this.db.transaction((tx) => this.engine.createPlan(tx, prepared));
  }
  approve = async (run: RunRow, digest?: string): Promise<RunRow> =>
    (await this.db.transaction((tx) => this.engine.approve(tx, run, { actor, role: "owner", plan_digest: digest, message: null }))).run;
  runner = async () =>
    (
      await this.db.transaction((tx) =>
        this.engine.registerRunner(tx, {
          token_id: "rtk_1",
          instance: randomUUID(),
          name: "r",
          version: "1",
          slots: 4,
          tools: [tool],
          sandbox: { kind: "none", not_isolated: [] },
        }),
      )
    ).id;
  claim = (runner: string, waitMs = 0) =>
    this.engine.claim({ runner_id: runner, pool: "default", tools: ["opentofu"] }, waitMs, AbortSignal.timeout(60_000));

  async claimed(runner: string): Promise<Lease & { held: { run_id: string; runner_id: string; epoch: number } }> {
    const lease = await this.claim(runner);
    if (!lease) throw new Error("nothing to claim");
    return { ...lease, held: { run_id: lease.run_id, runner_id: runner, epoch: lease.epoch } };
  }
  async finishPlan(lease: Awaited<ReturnType<World["claimed"]>>, plan: Partial<ReportedPlan> = {}): Promise<RunRow> {
    const put = async (kind: "plan" | "work", text: string) =>
      this.engine.acceptArtifact(lease.held, kind, Readable.from([text]), digestOf(text));
    const artifacts = {
      plan: await put("plan", `plan ${lease.run_id}`),
      work: await put("work", `work ${lease.run_id}`),
      work_tree_digest: digestOf("tree"),
      lock_digest: digestOf(""),
    };
    const outcome = { result: "planned" as const, tool, plan: { ...reported, ...plan }, diagnostics: [], artifacts };
    return this.engine.completePlan(lease.held, outcome, () => ({ changes: [], drift: [], risk: { high: 0, medium: 0, low: 0 } }));
  }
  async planned(capsule: CapsuleRow, more: Partial<PlanRequest> = {}): Promise<RunRow> {
    await this.plan(capsule, more);
    return this.finishPlan(await this.claimed(await this.runner()));
  }
  /** A state of the lease's lineage at a serial, uploaded. */
  async state(
    lease: Awaited<ReturnType<World["claimed"]>>,
    serial: number,
    kind: "state" | "checkpoint" = "state",
    resources: object[] = [],
  ) {
    const bytes = JSON.stringify({ ...JSON.parse(emptyState(lease.base.lineage)), serial, resources });
    const stored = await this.engine.acceptArtifact(lease.held, kind, Readable.from([bytes]), digestOf(bytes));
    return { ...stored, serial, lineage: lease.base.lineage, resource_count: 1, outputs: [] };
  }
  async applied(lease: Awaited<ReturnType<World["claimed"]>>): Promise<RunRow> {
    const state = await this.state(lease, lease.base.serial + 1);
    return this.engine.complete(lease.held, { result: "applied", tool, state, summary, diagnostics: [], duration_ms: 5 });
  }
  failed = (lease: Awaited<ReturnType<World["claimed"]>>) =>
    this.engine.complete(lease.held, {
      result: "failed",
      tool,
      error: { code: "APPLY_FAILED", message: "no", details: null },
      diagnostics: [],
      state: null,
      summary: null,
      duration_ms: 1,
    });
}
