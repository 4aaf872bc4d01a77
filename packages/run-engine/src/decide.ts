import type { Actor } from "@takosumi/contracts/deploy/run";
import type { Tx } from "@takosumi/db/db";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { conflict } from "./conflicts.ts";
import { createWrite, planOf } from "./create-write.ts";
import { releaseCapsule } from "./lock.ts";
import { openApplyOf } from "./queries/applies.ts";
import { decisions } from "./queries/moves.ts";
import { holdCapsule, holdRun } from "./queries/snapshot.ts";
import { recordAside } from "./record.ts";
import { isTerminal } from "./transitions.ts";

/** Somebody asked a running Run to stop. $1 run, $2 reason. Plan: primary key. */
const askToStop = statement(
  "run_ask_to_stop",
  `UPDATE runs SET cancel_requested_at = coalesce(cancel_requested_at, now()), cancel_reason = coalesce(cancel_reason, $2)
   WHERE id = $1 AND status = 'running' RETURNING *, pg_notify('takosumi_cancel', id) AS told`,
);

const held = async (tx: Tx, { id, capsule_id }: Pick<RunRow, "id" | "capsule_id">): Promise<RunRow> => {
  await tx.one<CapsuleRow>(holdCapsule, [capsule_id]);
  return (await tx.one<RunRow>(holdRun, [id])) as RunRow;
};
const ended = (run: RunRow) => conflict(`Run ${run.id} is ${run.status} already`, { reason: "terminal", status: run.status });

export interface Decided {
  readonly run: RunRow;
  /** False where it was so before: somebody said the same again. */
  readonly changed: boolean;
}

/** Gives a plan up, with the apply that waits for it. */
export async function discard(tx: Tx, given: Pick<RunRow, "id" | "capsule_id">, message: string | null): Promise<Decided> {
  const run = await held(tx, given);
  if (run.status === "discarded") return { run, changed: false };
  const error = message === null ? null : JSON.stringify({ code: "DISCARDED", message, details: null });
  const waiting = run.kind === "plan" ? await tx.one<RunRow>(openApplyOf, [run.id]) : null;
  const moved = await tx.one<RunRow>(decisions.discard, [run.id, error]);
  if (!moved)
    throw isTerminal(run.kind, run.status)
      ? ended(run)
      : conflict(`Run ${run.id} is ${run.status}: cancel it`, { reason: "run_active", run_id: run.id });
  const gone = waiting && (await tx.one<RunRow>(decisions.discard, [waiting.id, error]));
  if (gone) recordAside(tx, [gone], "run.discarded", { plan_run_id: run.id });
  return { run: moved, changed: true };
}

/** Stops a Run: one that waits ends at once, one that runs is interrupted by its runner, a planned one is discarded. */
export async function cancel(tx: Tx, given: Pick<RunRow, "id" | "capsule_id">, actor: Actor, message: string | null): Promise<Decided> {
  const run = await held(tx, given);
  if (run.status === "planned") return discard(tx, run, message);
  if (run.status === "needs_recovery")
    throw conflict(`Run ${run.id} needs recovery: recover it`, { reason: "recovery_open", run_id: run.id });
  const reason = message ?? `cancelled by ${actor.name}`;
  if (run.status === "running") {
    const asked = await tx.one<RunRow>(askToStop, [run.id, reason]);
    if (!asked) throw ended(run);
    return { run: asked, changed: run.cancel_requested_at === null };
  }
  const moved = await tx.one<RunRow>(decisions.cancelWaiting, [run.id, reason]);
  if (!moved) throw ended(run);
  if (run.kind !== "plan") await releaseCapsule(tx, run.capsule_id, run.id);
  return { run: moved, changed: true };
}

/** An apply that never started, of the same plan; it waits for its approval again. 409 "plan again" for any other apply. */
export async function retryWrite(tx: Tx, given: Pick<RunRow, "id" | "capsule_id">, actor: Actor, message: string | null): Promise<RunRow> {
  const run = await held(tx, given);
  if (!isTerminal(run.kind, run.status))
    throw conflict(`Run ${run.id} is ${run.status}: it is not over`, { reason: "run_active", run_id: run.id });
  if (run.started_at !== null)
    throw conflict(`Run ${run.id} had started: what it did is not known to its plan. Plan again`, { reason: "plan_again" });
  const plan = (await planOf(tx, run)) as RunRow;
  return createWrite(tx, { plan, actor, message: message ?? run.message, approvedBy: null, retryOf: run.id });
}
