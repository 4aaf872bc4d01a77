import type { Risk } from "@takosumi/contracts/deploy/plan";
import { secondsOf } from "@takosumi/contracts/deploy/policy";
import type { PlanMode } from "@takosumi/contracts/deploy/run";
import { ApiError } from "@takosumi/contracts/errors";
import type { Outcome, RecordedState } from "@takosumi/contracts/runner/outcome";
import type { Tx } from "@takosumi/db/db";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { keyOfMac } from "@takosumi/keyring/mac";
import { autoApply, destroysAnything } from "./auto-apply.ts";
import { type Held, heldBrief, heldRun, lostLease } from "./lease.ts";
import { releaseCapsule } from "./lock.ts";
import { policyOf } from "./policy-of.ts";
import { decisions, moves } from "./queries/moves.ts";
import { holdCapsule } from "./queries/snapshot.ts";
import { policyActor, recordRun, runnerActor } from "./record.ts";
import { recordState } from "./record-state.ts";
import { recoveryOf } from "./recovery.ts";
import { giveBack, mayTryAgain, requeue } from "./requeue.ts";
import type { EngineResources } from "./resources.ts";
import { sealPlan, withSource } from "./seal.ts";

/** A plan's resources with their risk, the riskiest first. The api ranks them; the engine only keeps them. */
export interface RankedPlan {
  readonly changes: readonly { readonly address: string; readonly risk: Risk }[];
  readonly drift: readonly object[];
  readonly risk: Readonly<Record<Risk, number>>;
}
/** What a plan made in this mode risks. */
export type Rank = (mode: PlanMode) => RankedPlan;
type Planned = Extract<Outcome, { result: "planned" }>;
type Written = Exclude<Outcome, { result: "planned" | "stale" | "state_unsaved" }>;

const putChanges = statement(
  "run_changes_put",
  `INSERT INTO run_changes (run_id, position, risk, address, data)
   SELECT $1, c.ordinality, c.change ->> 'risk', c.change ->> 'address', c.change FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS c (change, ordinality)`,
);
/** The key of a seal, while it is the current one of its Workspace: whoever rotates it waits, and finds the plan. $1 data key. */
const sealingKey = statement("sealing_key", `SELECT id FROM data_keys WHERE id = $1 AND retired_at IS NULL FOR SHARE`);
/** A destroy that left nothing behind. $1 Capsule. */
const destroyed = statement("capsule_destroyed", `UPDATE capsules SET status = 'destroyed' WHERE id = $1 AND resource_count = 0`);

/** Ends a plan: sealed as it is, waiting for its approval where it has changes. 409 where a named artifact was not uploaded. */
export async function completePlan(resources: EngineResources, held: Held, outcome: Planned, rank: Rank): Promise<RunRow> {
  const { db, blobs, keyring } = resources;
  const run = await heldRun(db, held);
  const ranked = rank(run.mode);
  const { plan, work, work_tree_digest, lock_digest } = outcome.artifacts;
  const stored = await Promise.all(
    (
      [
        ["plan", plan.digest],
        ["work", work.digest],
      ] as const
    ).map(([kind, digest]) => blobs.has({ workspace: run.workspace_id, kind, digest })),
  );
  if (!stored.every(Boolean))
    throw new ApiError("PRECONDITION_FAILED", "The plan file or work snapshot was not uploaded", { reason: "changed" });
  const columns = {
    plan_digest: plan.digest,
    plan_size_bytes: plan.size_bytes,
    work_digest: work.digest,
    work_size_bytes: work.size_bytes,
    work_tree_digest,
    provider_lock_digest: lock_digest,
    has_changes: outcome.plan.has_changes,
    destroys: destroysAnything(run.mode, outcome.plan),
    tool_name: outcome.tool.name,
    tool_version: outcome.tool.version,
    tool_digest: outcome.tool.digest,
    plan_result: {
      summary: outcome.plan.summary,
      risk: ranked.risk,
      change_count: ranked.changes.length,
      drift: ranked.drift,
      output_changes: outcome.plan.output_changes,
      checks: outcome.plan.checks,
      diagnostics: outcome.diagnostics,
    },
  };
  const seal = await sealPlan(keyring, { ...(await withSource(db, run)), ...columns });
  const done = await db.transaction(async (tx) => {
    if (!(await tx.one(sealingKey, [keyOfMac(seal)]))) return null;
    const capsule = (await tx.one<CapsuleRow>(holdCapsule, [run.capsule_id])) as CapsuleRow;
    const policy = await policyOf(tx, capsule);
    const values = [run.id, held.epoch, held.runner_id, JSON.stringify({ ...columns, seal })];
    const ended = outcome.plan.has_changes
      ? await tx.one<RunRow>(moves.planned, [...values, secondsOf(policy.plan_ttl)])
      : await tx.one<RunRow>(moves.unchanged, values);
    if (!ended) throw lostLease(run.id);
    await tx.query(putChanges, [run.id, JSON.stringify(ranked.changes)]);
    const outdated = capsule.current_state_version_id !== run.base_state_version_id || capsule.config_revision !== run.config_revision;
    const final = outdated && ended.status === "planned" ? await tx.query<RunRow>(decisions.staleOfCapsule, outdatedValues(run)) : [];
    const now = final.find(({ id }) => id === run.id) ?? ended;
    const applying = await autoApply(tx, now, capsule, policy);
    const told = { plan_digest: plan.digest, has_changes: outcome.plan.has_changes, ...outcome.plan.summary };
    await recordRun(tx, now, "run.planned", runnerActor(held), told, { after_digest: plan.digest });
    if (applying)
      await recordRun(tx, applying, "run.approved", policyActor, {
        plan_run_id: run.id,
        plan_digest: plan.digest,
        auto_apply: policy.auto_apply,
      });
    return now;
  });
  if (done) return done;
  // The keys were rotated at the same moment: sealed again, with the next one.
  keyring.forgetCurrent(run.workspace_id);
  return completePlan(resources, held, outcome, rank);
}
const outdatedValues = (run: RunRow) => [
  run.capsule_id,
  JSON.stringify({ code: "STALE", message: "the Capsule moved while this plan was made", details: null }),
  "",
  "[]",
];

/** Outputs that are recorded by their name. */
const shownOutputs = 100;
/** Ends of a plan that say nothing of the plan. */
const passing = new Set(["runner_stopped", "TOOL_KILLED"]);

/** Ends an apply, or anything that failed or was cancelled; records the state that it left. */
export async function completeRun(resources: EngineResources, held: Held, outcome: Written): Promise<RunRow> {
  const run = await heldRun(resources.db, held);
  // A runner that stops hands its plans back, as one does whose tool was killed: they are made again, without waiting for a lease to end.
  if (outcome.result === "failed" && passing.has(outcome.error.code) && mayTryAgain(run, resources.settings)) {
    const queued = await resources.db.transaction((tx) => requeue(tx, run, runnerActor(held), outcome.error.code));
    if (!queued) throw lostLease(run.id);
    return queued;
  }
  // Whatever was begun has a summary, if only of nothing: without one the tool was not started.
  if (run.kind !== "plan" && outcome.result === "failed" && outcome.error.code === "runner_stopped")
    if (outcome.state === null && outcome.summary === null) {
      const queued = await resources.db.transaction((tx) => giveBack(tx, run, resources.settings, runnerActor(held)));
      if (queued) return queued;
    }
  if (outcome.state) await checkState(resources, run, outcome.state);
  const result =
    outcome.summary && run.kind !== "plan"
      ? { summary: outcome.summary, diagnostics: outcome.diagnostics, duration_ms: outcome.duration_ms }
      : null;
  return resources.db.transaction(async (tx) => {
    const capsule = (await tx.one<CapsuleRow>(holdCapsule, [run.capsule_id])) as CapsuleRow;
    const version = outcome.state && run.kind !== "plan" ? await keepState(tx, run, outcome.state, outcome.tool) : null;
    const values = [run.id, held.epoch, held.runner_id];
    const shown = result && JSON.stringify(result);
    const ended =
      outcome.result === "applied"
        ? await tx.one<RunRow>(moves.applied, [...values, shown, version])
        : await tx.one<RunRow>(outcome.result === "failed" ? moves.failed : moves.interrupted, [
            ...values,
            JSON.stringify({
              ...outcome.error,
              details: { ...outcome.error.details, ...(run.kind === "plan" && { diagnostics: outcome.diagnostics }) },
            }),
            shown,
            version,
            outcome.tool && JSON.stringify(outcome.tool),
          ]);
    if (!ended) throw lostLease(run.id);
    if (run.kind !== "plan") {
      await releaseCapsule(tx, capsule.id, run.id);
      if (outcome.result === "applied" && run.kind === "destroy") await tx.query(destroyed, [capsule.id]);
    }
    const action =
      outcome.result === "applied" ? (run.kind === "destroy" ? "run.destroyed" : "run.applied") : (`run.${outcome.result}` as const);
    const state = outcome.state && {
      state_version_id: version,
      serial: outcome.state.serial,
      state_digest: outcome.state.digest,
      outputs: outcome.state.outputs.slice(0, shownOutputs).map(({ name }) => name),
    };
    const told = { ...state, ...("error" in outcome && { reason: outcome.error.code }) };
    const moved = outcome.state ? { before_digest: run.base_digest, after_digest: outcome.state.digest } : {};
    await recordRun(tx, ended, action, runnerActor(held), told, moved);
    return ended;
  });
}

/** Ends an apply that found, before the tool ran, something other than what was approved. */
export async function completeStale({ db }: Pick<EngineResources, "db">, held: Held, error: object): Promise<RunRow> {
  await heldBrief(db, held);
  return db.transaction(async (tx) => {
    const ended = await tx.one<RunRow>(moves.outdated, [held.run_id, held.epoch, held.runner_id, JSON.stringify(error)]);
    if (!ended) throw lostLease(held.run_id);
    await releaseCapsule(tx, ended.capsule_id, ended.id);
    await recordRun(tx, ended, "run.stale", runnerActor(held));
    return ended;
  });
}

/** An apply whose state its runner could not save: a person decides, and the Capsule stays held. */
export async function completeUnsaved(resources: EngineResources, held: Held, error: object): Promise<RunRow> {
  const run = await heldRun(resources.db, held);
  const recovery = await recoveryOf(resources, run, "state_unsaved");
  return resources.db.transaction(async (tx) => {
    const lost = await tx.one<RunRow>(moves.lost, [run.id, held.epoch, held.runner_id, JSON.stringify(error), JSON.stringify(recovery)]);
    if (!lost) throw lostLease(run.id);
    await recordRun(tx, lost, "run.needs_recovery", runnerActor(held), { reason: "state_unsaved" });
    return lost;
  });
}

async function checkState({ blobs }: EngineResources, run: RunRow, { digest, lineage, serial }: RecordedState): Promise<void> {
  if (lineage !== run.base_lineage) throw new ApiError("PRECONDITION_FAILED", "The state is of another lineage", { reason: "lineage" });
  if (serial < run.base_serial)
    throw new ApiError("PRECONDITION_FAILED", "The state is older than the one before it", { reason: "changed" });
  if (!(await blobs.has({ workspace: run.workspace_id, kind: "state", digest })))
    throw new ApiError("PRECONDITION_FAILED", "The state was not uploaded", { reason: "changed" });
}

/** The id of the version that holds this state: a new one, or none where the bytes are the same as before. */
async function keepState(
  tx: Tx,
  run: RunRow,
  { digest, size_bytes, serial, lineage, resource_count, outputs }: RecordedState,
  tool: Written["tool"],
) {
  if (digest === run.base_digest) return run.base_state_version_id;
  const { id } = await recordState(tx, {
    workspace_id: run.workspace_id,
    capsule_id: run.capsule_id,
    previous_id: run.base_state_version_id,
    serial,
    lineage,
    digest,
    size_bytes,
    resource_count,
    outputs: outputs.map(({ name, type, value, sensitive }) => ({ name, type, value: sensitive ? null : value, sensitive })),
    run_id: run.id,
    tool,
  });
  return id;
}
