import type { Actor } from "@takosumi/contracts/deploy/run";
import type { Tx } from "@takosumi/db/db";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { conflict, heldBy, unusable } from "./conflicts.ts";
import { createWrite, planOf, refuseOutdated } from "./create-write.ts";
import { takeCapsule } from "./lock.ts";
import { nextTurn, openApplyOf } from "./queries/applies.ts";
import { decisions } from "./queries/moves.ts";
import { holdCapsule, holdRun, runById } from "./queries/snapshot.ts";

export interface Approving {
  readonly actor: Actor;
  readonly plan_digest: string | undefined;
  readonly message: string | null;
}

/** Queues exactly the plan that was reviewed and answers with the Run that executes it; a second approve of the same digest answers the same. */
export async function approve(tx: Tx, { id, capsule_id }: Pick<RunRow, "id" | "capsule_id">, approving: Approving): Promise<RunRow> {
  const capsule = (await tx.one<CapsuleRow>(holdCapsule, [capsule_id])) as CapsuleRow;
  const run = (await tx.one<RunRow>(holdRun, [id])) as RunRow;
  const plan = run.kind === "plan" ? run : ((await planOf(tx, run)) as RunRow);
  const { plan_digest } = approving;
  if (plan_digest !== undefined && plan.plan_digest !== null && plan_digest !== plan.plan_digest)
    throw conflict(`The plan of Run ${plan.id} is ${plan.plan_digest}, not ${plan_digest}: review it again`, {
      reason: "digest_mismatch",
      plan_digest: plan.plan_digest,
    });

  const executing = run.kind === "plan" ? await executorOf(tx, run) : run;
  if (executing && executing.status !== "awaiting_approval") {
    if (executing.approved_by !== null && executing.status !== "stale") return executing;
    throw unusable(executing);
  }
  refuseOutdated(plan, capsule);
  const given = {
    user: { id: approving.actor.id, name: approving.actor.name },
    at: new Date().toISOString(),
    plan_digest: plan_digest ?? plan.plan_digest,
    message: approving.message,
  };
  const queued = executing
    ? await queueWaiting(tx, executing, capsule, given)
    : await createWrite(tx, plan, approving.actor, approving.message, given);
  if (plan.status === "planned" && !(await tx.one(decisions.approvePlan, [plan.id, queued.id, approving.actor.id])))
    throw conflict(`Run ${plan.id} was decided at the same moment`, { reason: "lost_race" });
  return queued;
}

/** The Run that executes a plan: the open one, or the one that its approval made. */
async function executorOf(tx: Tx, plan: RunRow): Promise<RunRow | null> {
  const open = await tx.one<RunRow>(openApplyOf, [plan.id]);
  if (open || plan.status !== "approved" || plan.apply_run_id === null) return open;
  return tx.one<RunRow>(runById, [plan.apply_run_id]);
}

async function queueWaiting(tx: Tx, run: RunRow, capsule: CapsuleRow, given: RunRow["approvals"][number]): Promise<RunRow> {
  const held = heldBy(capsule, run.id);
  if (held) throw held;
  if (!(await takeCapsule(tx, capsule.id, run.id, run.kind)))
    throw conflict("The Capsule was taken at the same moment", { reason: "lost_race" });
  const turn = await tx.one<{ rank: number }>(nextTurn, [run.pool, run.workspace_id]);
  const queued = await tx.one<RunRow>(decisions.approveWrite, [
    run.id,
    JSON.stringify([...run.approvals, given]),
    given.user.id,
    turn?.rank,
  ]);
  if (!queued) throw conflict(`Run ${run.id} was decided at the same moment`, { reason: "lost_race" });
  await tx.notify("takosumi_queue", run.pool);
  return queued;
}
