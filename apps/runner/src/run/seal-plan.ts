import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Outcome } from "@takosumi/contracts/runner/outcome";
import { cliConfig } from "@takosumi/opentofu/cli-config";
import { showPlanArgs } from "@takosumi/opentofu/commands";
import { lockDigest, readLock } from "@takosumi/opentofu/lock";
import { holdPhase, startPhase } from "@takosumi/opentofu/phase";
import type { PlanJson } from "@takosumi/opentofu/plan-json";
import { parsePlan, planResult } from "@takosumi/opentofu/plan-result";
import { outputOf } from "@takosumi/opentofu/run-phase";
import { inWorkSnapshot } from "@takosumi/opentofu/rundir";
import { sensitiveValues } from "@takosumi/opentofu/sensitive-values";
import { packTree } from "@takosumi/opentofu/source";
import type { HeldPhase } from "@takosumi/opentofu/types";
import { factOf, fileBody } from "../cache/bytes.ts";
import { RunFailure } from "./failure.ts";
import { type Ground, stepOf } from "./ground.ts";
import type { Job } from "./job.ts";
import { plannedMark } from "./journal.ts";
import { reportedPlan } from "./reported-plan.ts";

const SHOW_MS = 10 * 60_000;
const SHOW_BYTES = 512 * 1024 * 1024;
type Artifacts = Extract<Outcome, { result: "planned" }>["artifacts"];

/**
 * The command that shows a plan, started beside the one that makes it: half of its time passes before it looks at the plan. In a sandbox
 * of its own, so that nothing that ran while the plan was made touches what is reviewed. Null without a sandbox.
 */
export async function holdShow(job: Job, ground: Ground): Promise<HeldPhase | null> {
  if (job.site.facts.kind === "none") return null;
  const held = await holdPhase(stepOf(job, ground, "show-plan", showPlanArgs(ground)));
  job.atEnd(() => held.dismiss());
  return held;
}

/** The plan as JSON, in plaintext. Ends early where `stop` aborts. */
export async function showPlan(job: Job, ground: Ground, held: HeldPhase | null, stop: AbortSignal | undefined): Promise<PlanJson> {
  const bounds = { timeoutMs: SHOW_MS, maxBytes: SHOW_BYTES, ...(stop && { stop }) };
  const phase = held ? held.release(cliConfig(null)) : await startPhase(stepOf(job, ground, "show-plan", showPlanArgs(ground)));
  const { exit, stdout } = await outputOf(phase, bounds);
  stop?.throwIfAborted();
  if (exit.code !== 0) throw new RunFailure("PLAN_FAILED", `The plan was made, but the tool could not show it (exit status ${exit.code}).`);
  return parsePlan(stdout);
}

/** From here on the masked values of a plan are hidden from its log, and from the log of its apply. */
export function learnMasked(job: Job, plan: PlanJson): void {
  const hidden = sensitiveValues(plan);
  job.redactor.add(hidden.map((value) => ({ name: "sensitive", value })));
  job.site.masked.set(job.lease.run_id, hidden);
}

/** What may be shown of a plan whose masked values are known. */
export function shownPlan(job: Job, plan: PlanJson, hasChanges: boolean) {
  return reportedPlan(planResult(plan, { hasChanges }), (value) => job.redactor.json(value));
}

/** Sends plan file and work tree, or has them carried along. What is approved later is exactly these bytes. */
export async function storePlan(job: Job, ground: Ground): Promise<Artifacts> {
  const file = join(job.dir.io, "plan");
  const sendPlan = async () => {
    const fact = await factOf(file);
    await job.carried.take("plan", await fileBody(file, fact));
    return fact;
  };
  const sendWork = async () => {
    const { tar, digest } = await packTree(job.dir.root, { include: inWorkSnapshot });
    await job.carried.take("work", { digest, size: tar.length, body: tar });
    return { digest, size_bytes: tar.length };
  };
  const [plan, work, lock] = await Promise.all([sendPlan(), sendWork(), readLock(ground.moduleDir)]);
  await writeFile(plannedMark(job.dir.root), work.digest, { mode: 0o600 });
  return { plan, work, work_tree_digest: work.digest, lock_digest: lockDigest(lock) };
}
