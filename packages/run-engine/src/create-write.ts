import type { Actor } from "@takosumi/contracts/deploy/run";
import { newId } from "@takosumi/contracts/ids";
import type { Tx } from "@takosumi/db/db";
import { UniqueViolation } from "@takosumi/db/errors";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { refuseUnbound } from "./bound.ts";
import { conflict, heldBy, unusable } from "./conflicts.ts";
import { takeCapsule } from "./lock.ts";
import { openApplyOf, usedApplyOf } from "./queries/applies.ts";
import { carryApprovals } from "./queries/approvals.ts";
import { insertRun } from "./queries/insert-run.ts";
import { holdCapsule, runById } from "./queries/snapshot.ts";
import { tellOfRun } from "./tell.ts";

/** The kind of Run that executes a plan. */
export const writeKindOf = ({ mode }: Pick<RunRow, "mode">): "apply" | "destroy" => (mode === "destroy" ? "destroy" : "apply");

/** What a Run that executes a plan is made of. */
export interface Writing {
  readonly plan: RunRow;
  readonly actor: Actor;
  readonly message: string | null;
  /** Null while approvals are missing: it waits for them, and holds nothing. */
  readonly approvedBy: string | null;
  readonly retryOf?: string;
}

/** The Run that executes a plan, of which everything is carried over; 409 where the state or the Capsule moved since. */
export async function createWrite(tx: Tx, writing: Writing): Promise<RunRow> {
  const { plan, approvedBy } = writing;
  const capsule = (await tx.one<CapsuleRow>(holdCapsule, [plan.capsule_id])) as CapsuleRow;
  await refuseOutdated(tx, plan, capsule);
  await refuseUnbound(tx, plan);
  await refuseUsed(tx, plan);
  const open = await tx.one<RunRow>(openApplyOf, [plan.id]);
  if (open) throw conflict(`Run ${open.id} executes this plan already: approve that one`, { reason: "run_active", run_id: open.id });
  if (approvedBy === null && plan.status !== "planned") await refuseExpired(tx, plan);
  const held = approvedBy === null ? null : heldBy(capsule, null);
  if (held) throw held;
  return insertWrite(tx, writing);
}

/** The same for a plan that was looked at, and a Capsule that is held, in this transaction. */
export async function insertWrite(tx: Tx, { plan, actor, message, approvedBy, retryOf }: Writing): Promise<RunRow> {
  const id = newId("run_");
  const kind = writeKindOf(plan);
  if (approvedBy !== null && !(await takeCapsule(tx, plan.capsule_id, id, kind)))
    throw conflict("The Capsule was taken at the same moment", { reason: "lost_race" });
  const { id: _id, ...planned } = plan;
  const row = {
    ...planned,
    id,
    kind,
    status: approvedBy === null ? "awaiting_approval" : "queued",
    queue_rank: approvedBy === null ? null : -1,
    actor,
    actor_id: actor.id,
    message,
    plan_run_id: plan.id,
    approved_by: approvedBy,
    expires_at: approvedBy === null ? plan.expires_at : null,
    retry_of_run_id: retryOf ?? null,
  };
  try {
    const made = (await tx.one<RunRow>(insertRun, [JSON.stringify(row)])) as RunRow;
    if (plan.status === "planned") await tx.query(carryApprovals, [plan.id, id]);
    // Whoever may approve was told of the plan already, unless it was approved before.
    else if (approvedBy === null) await tellOfRun(tx, made);
    return made;
  } catch (error) {
    if (error instanceof UniqueViolation)
      throw conflict("Another Run of this plan or Capsule was made at the same moment", { reason: "lost_race" });
    throw error;
  }
}

/** 409 for a plan that was executed once: there is no second time. */
export async function refuseUsed(tx: Tx, plan: RunRow): Promise<void> {
  const used = await tx.one<RunRow>(usedApplyOf, [plan.id]);
  if (used) throw conflict(`Run ${plan.id} was executed by Run ${used.id}. Plan again`, { reason: "already_applied", run_id: used.id });
}

/** By the clock that set the time. $1 Run. */
const overdue = statement("run_overdue", `SELECT 1 AS one FROM runs WHERE id = $1 AND expires_at < now()`);
/** 409 for a plan, or an apply that waits, whose time is over, though nobody noted it yet. */
export async function refuseExpired(tx: Tx, { id }: RunRow): Promise<void> {
  if (await tx.one(overdue, [id])) throw conflict(`Run ${id} has expired. Plan again`, { reason: "expired" });
}

/** 409 where what was planned is not what would be applied. */
export async function refuseOutdated(tx: Tx, plan: RunRow, capsule: CapsuleRow): Promise<void> {
  if (plan.status !== "planned" && plan.status !== "approved") throw unusable(plan);
  if (plan.status === "planned") await refuseExpired(tx, plan);
  if (capsule.deleted_at !== null) throw conflict("The Capsule was deleted", { reason: "stale" });
  if (capsule.current_state_version_id !== plan.base_state_version_id)
    throw conflict(`The state moved since Run ${plan.id} was planned. Plan again`, { reason: "stale" });
  if (capsule.config_revision !== plan.config_revision)
    throw conflict(`The Capsule's configuration changed since Run ${plan.id} was planned. Plan again`, { reason: "stale" });
}

export const planOf = (tx: Tx, run: RunRow): Promise<RunRow | null> =>
  run.plan_run_id === null ? Promise.resolve(null) : tx.one<RunRow>(runById, [run.plan_run_id]);
