import type { ReportedPlan } from "@takosumi/contracts/deploy/plan";
import type { EffectivePolicy } from "@takosumi/contracts/deploy/policy";
import type { PlanMode } from "@takosumi/contracts/deploy/run";
import type { Tx } from "@takosumi/db/db";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { heldBy } from "./conflicts.ts";
import { createWrite } from "./create-write.ts";
import { decisions } from "./queries/moves.ts";
import { policyActor } from "./record.ts";

/** Whether a plan takes anything away: it destroys, replaces or forgets. In a refresh-only plan, what the state would forget. */
export function destroysAnything(mode: PlanMode, { summary, drift }: Pick<ReportedPlan, "summary" | "drift">): boolean {
  if (mode === "destroy" || summary.destroy > 0 || summary.forget > 0) return true;
  return mode === "refresh_only" && drift.some(({ actions }) => actions.includes("delete") || actions.includes("forget"));
}

/** Queues a plan that just ended, where the policy applies it without an approval. Null: it waits for people, as it does where the Capsule is held. */
export async function autoApply(tx: Tx, plan: RunRow, capsule: CapsuleRow, { auto_apply }: EffectivePolicy): Promise<RunRow | null> {
  if (plan.status !== "planned" || auto_apply !== "no_destroy" || plan.destroys !== false) return null;
  if (heldBy(capsule, null)) return null;
  const apply = await createWrite(tx, {
    plan: { ...plan, approvals_required: 0 },
    actor: policyActor,
    message: null,
    approvedBy: policyActor.id,
  });
  if (!(await tx.one(decisions.approvePlan, [plan.id, apply.id, policyActor.id, 0])))
    throw new Error(`Run ${plan.id} could not be approved`);
  return apply;
}
