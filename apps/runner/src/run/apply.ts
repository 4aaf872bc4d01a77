import type { Outcome } from "@takosumi/contracts/runner/outcome";
import { applyArgs } from "@takosumi/opentofu/commands";
import { equipForApply } from "@takosumi/opentofu/equip";
import { holdPhase } from "@takosumi/opentofu/phase";
import type { HeldPhase, Phase } from "@takosumi/opentofu/types";
import { collect } from "../cache/bytes.ts";
import { Seen } from "../events/tool-events.ts";
import { LeaseLost } from "../wire/leased.ts";
import { baseState } from "./base-state.ts";
import { Checkpoints } from "./checkpoints.ts";
import { concluded } from "./conclude.ts";
import { dropCredentials, type Injected, nothingInjected, phaseCredentials } from "./credentials.ts";
import { type Followed, follow } from "./follow.ts";
import { type Ground, groundOf, stepOf } from "./ground.ts";
import { guarded } from "./guard.ts";
import { hideMasked } from "./hide-masked.ts";
import type { Job } from "./job.ts";
import { writeJournal } from "./journal.ts";
import { heldApply, releaseApply } from "./ready-applies.ts";
import { checkSeal, checkTool } from "./seal-check.ts";
import { sealedTool } from "./tool.ts";
import { variablesOf } from "./variables.ts";
import { installProviders, isKept, workTree } from "./work-tree.ts";

/** Executes exactly the plan that was approved. Throws RunFailure, Stop or LeaseLost only while nothing was executed. */
export async function executeApply(job: Job): Promise<Outcome> {
  const { ground, injected, held } = await job.phase("preparing", () => prepare(job));
  await job.say({ type: "phase", at: new Date().toISOString(), name: "applying", state: "started" });
  // The masked values of the plan are learned while the tool starts; until then nothing leaves.
  const release = job.outbox.hold();
  const phase = await spawn(job, ground, injected, held).catch((error: unknown) => {
    release();
    throw error;
  });
  const hidden = hideMasked(job, ground).finally(release);
  const outcome = await supervise(job, ground, phase);
  await hidden;
  return outcome;
}

/** Waits for an apply that was started here, or by a process before this one, and says how it ended. */
export async function supervise(job: Job, ground: Pick<Ground, "tool" | "moduleDir">, phase: Phase): Promise<Outcome> {
  const checkpoints = new Checkpoints(job);
  checkpoints.start();
  const exit = guarded(job, phase, { writes: true, beforeKill: () => checkpoints.now() });
  let followed: Followed;
  try {
    followed = await follow(job, phase, exit, { name: "apply", machine: "stdout" });
  } catch (error) {
    if (error instanceof LeaseLost) throw error;
    // What it said is lost to us, what it did is not: the state is looked after all the same.
    job.log.error({ problem: error instanceof Error ? error.message : String(error) }, "the output of an apply could not be followed");
    followed = { exit: await exit, seen: new Seen(1) };
  } finally {
    await checkpoints.close();
    await dropCredentials(job);
  }
  await job.say({ type: "phase", at: new Date().toISOString(), name: "applying", state: "finished" });
  return job.phase("recording", () => concluded(job, ground, followed, checkpoints));
}

async function prepare(job: Job): Promise<{ ground: Ground; injected: Injected; held: HeldPhase | null }> {
  const { lease, site, calls } = job;
  const { sealed } = lease;
  if (!sealed) throw new Error("an apply without a sealed plan");
  const tool = await sealedTool(site.settings, lease.tool);
  const ground = groundOf(job, tool);
  const held = await heldApply(job, ground, { kept: await isKept(job), variables: variablesOf(job) !== null });
  if (held) job.atEnd(() => held.dismiss());
  const [tree, plan, state] = await Promise.all([
    workTree(job, held !== null),
    calls.input("plan", (bytes) => collect(sealed.plan, bytes)),
    baseState(calls, lease.base),
  ]);
  job.control.stopped.throwIfAborted();
  await equipForApply({
    dir: job.dir,
    facts: site.facts,
    tool,
    modulePath: lease.module_path,
    state,
    variables: variablesOf(job),
    planFile: plan,
    mirror: ground.mirror,
  });
  const installing = tree.tar ? installProviders(job, ground, tree.tar, state) : Promise.resolve();
  const credentials = lease.bound ? phaseCredentials(job, ground, "apply") : nothingInjected(job);
  const [injected] = await Promise.all([credentials, installing]);
  job.control.stopped.throwIfAborted();
  return { ground, injected, held };
}

/** The tool waits where it would read the first thing of the Run; there the seal is checked, and then nothing happens but that it goes on. */
async function spawn(job: Job, ground: Ground, { env, credentials }: Injected, held: HeldPhase | null): Promise<Phase> {
  const { run_id, epoch, kind } = job.lease;
  const argv = applyArgs(ground, { variables: variablesOf(job) !== null });
  await writeJournal(job.dir.root, { run_id, epoch, kind, stage: "spawning", started_at: new Date(job.startedAt).toISOString() });
  await job.calls.known();
  await checkTool(job, ground);
  const waiting = held?.waits() ? held : await holdAnew(job, ground, argv, { env, credentials }, held);
  await checkSeal(job, ground);
  job.control.stopped.throwIfAborted();
  job.executed = true;
  return releaseApply(waiting);
}

/** `dead`: one that was held before, and was killed meanwhile. */
async function holdAnew(
  job: Job,
  ground: Ground,
  argv: string[],
  given: Omit<Injected, "arguments">,
  dead: HeldPhase | null,
): Promise<HeldPhase> {
  await dead?.dismiss();
  const held = await holdPhase(stepOf(job, ground, "apply", argv, given));
  job.atEnd(() => held.dismiss());
  return held;
}
