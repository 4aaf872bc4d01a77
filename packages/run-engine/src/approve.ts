import type { Role } from "@takosumi/contracts/access";
import type { Actor } from "@takosumi/contracts/deploy/run";
import { ApiError } from "@takosumi/contracts/errors";
import type { Tx } from "@takosumi/db/db";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { approverRefused } from "./approval-rules.ts";
import { refuseUnbound } from "./bound.ts";
import { conflict, heldBy, unusable } from "./conflicts.ts";
import { insertWrite, planOf, refuseExpired, refuseOutdated, refuseUsed } from "./create-write.ts";
import type { Decided } from "./decide.ts";
import { takeCapsule } from "./lock.ts";
import { policyOf } from "./policy-of.ts";
import { nextTurn, openApplyOf } from "./queries/applies.ts";
import { countApprovals, giveApproval } from "./queries/approvals.ts";
import { decisions } from "./queries/moves.ts";
import { holdCapsule, holdRun, runById } from "./queries/snapshot.ts";

export interface Approving {
  readonly actor: Actor;
  /** What they are in the Workspace. */
  readonly role: Role;
  readonly plan_digest: string | undefined;
  readonly message: string | null;
}
/** `run`: the one that executes the plan; while approvals are missing, the one that was approved, as it was. */
export interface Approved extends Decided {
  readonly plan_digest: string | null;
  readonly given: number;
  readonly required: number;
}

/** Counts a person's approval of exactly the plan that they reviewed, and with the last one queues it. A second one of the same person answers the same. */
export async function approve(tx: Tx, { id, capsule_id }: Pick<RunRow, "id" | "capsule_id">, approving: Approving): Promise<Approved> {
  const { actor, role, plan_digest, message } = approving;
  const capsule = (await tx.one<CapsuleRow>(holdCapsule, [capsule_id])) as CapsuleRow;
  const run = (await tx.one<RunRow>(holdRun, [id])) as RunRow;
  const plan = run.kind === "plan" ? run : ((await planOf(tx, run)) as RunRow);
  if (plan_digest !== undefined && plan.plan_digest !== null && plan_digest !== plan.plan_digest)
    throw conflict(`The plan of Run ${plan.id} is ${plan.plan_digest}, not ${plan_digest}: review it again`, {
      reason: "digest_mismatch",
      plan_digest: plan.plan_digest,
    });

  const executing = run.kind === "plan" ? await executorOf(tx, run) : run;
  if (executing && executing.status !== "awaiting_approval") {
    if (executing.approved_by === null || executing.status === "stale") throw unusable(executing);
    return {
      run: executing,
      changed: false,
      plan_digest: plan.plan_digest,
      given: await givenTo(tx, executing),
      required: executing.approvals_required,
    };
  }
  if (executing) await refuseExpired(tx, executing);
  await refuseOutdated(tx, plan, capsule);
  await refuseUnbound(tx, plan);
  const held = heldBy(capsule, executing?.id ?? null);
  if (held) throw held;
  const policy = await policyOf(tx, capsule);
  const refused = approverRefused(policy, { author: plan.actor_id, destroys: plan.destroys }, { id: actor.id, role });
  if (refused) throw new ApiError("FORBIDDEN", refused.message, { reason: refused.reason });

  // A plan keeps its approvals where the Run that waited to execute it is cancelled; a plan that was used once lends none to the next.
  const approved = [...(plan.status === "planned" ? [plan.id] : []), ...(executing ? [executing.id] : [])];
  const changed = (await tx.query(giveApproval, [approved, actor.id, actor.name, plan.plan_digest, message])).length > 0;
  const given = await givenTo(tx, executing ?? plan);
  const counted = { plan_digest: plan.plan_digest, given, required: policy.approvals };
  if (given < policy.approvals) return { run, changed, ...counted };

  const queued = executing ? await queueWaiting(tx, executing, capsule, actor.id) : await queueNew(tx, plan, actor, message);
  if (plan.status === "planned" && !(await tx.one(decisions.approvePlan, [plan.id, queued.id, actor.id, policy.approvals])))
    throw conflict(`Run ${plan.id} was decided at the same moment`, { reason: "lost_race" });
  return { run: queued, changed: true, ...counted };
}

const givenTo = async (tx: Tx, { id }: Pick<RunRow, "id">): Promise<number> =>
  (await tx.one<{ given: number }>(countApprovals, [id]))?.given ?? 0;

/** The Run that executes a plan: the open one, or the one that its approval made. */
async function executorOf(tx: Tx, plan: RunRow): Promise<RunRow | null> {
  const open = await tx.one<RunRow>(openApplyOf, [plan.id]);
  if (open || plan.status !== "approved" || plan.apply_run_id === null) return open;
  return tx.one<RunRow>(runById, [plan.apply_run_id]);
}

async function queueNew(tx: Tx, plan: RunRow, actor: Actor, message: string | null): Promise<RunRow> {
  await refuseUsed(tx, plan);
  return insertWrite(tx, { plan, actor, message, approvedBy: actor.id });
}

async function queueWaiting(tx: Tx, run: RunRow, capsule: CapsuleRow, by: string): Promise<RunRow> {
  if (!(await takeCapsule(tx, capsule.id, run.id, run.kind)))
    throw conflict("The Capsule was taken at the same moment", { reason: "lost_race" });
  const turn = await tx.one<{ rank: number }>(nextTurn, [run.pool, run.workspace_id]);
  const queued = await tx.one<RunRow>(decisions.approveWrite, [run.id, by, turn?.rank]);
  if (!queued) throw conflict(`Run ${run.id} was decided at the same moment`, { reason: "lost_race" });
  await tx.notify("takosumi_queue", run.pool);
  return queued;
}
