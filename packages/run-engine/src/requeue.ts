import type { Tx } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";
import { decisions } from "./queries/moves.ts";
import { type By, recordRun } from "./record.ts";
import type { EngineSettings } from "./settings.ts";

/** Whether a plan whose runner did not finish it is tried again. */
export const mayTryAgain = (run: RunRow, { planAttempts }: Pick<EngineSettings, "planAttempts">): boolean =>
  run.kind === "plan" && run.cancel_requested_at === null && run.attempts < planAttempts;

/** A plan goes back to the queue at once. Null: its lease was another's by then. */
export async function requeue(tx: Tx, run: RunRow, actor: By, reason: string): Promise<RunRow | null> {
  const moved = await tx.one<RunRow>(decisions.requeue, [run.id, run.lease_epoch]);
  if (!moved) return null;
  await tx.notify("takosumi_queue", moved.pool);
  await recordRun(tx, moved, "run.requeued", actor, { attempt: run.attempts, reason });
  return moved;
}

/**
 * An apply whose runner stopped before it started the tool goes back to the queue, still approved; what was approved is checked again when
 * it is claimed. Null: it is not given back, or was too often.
 */
export async function giveBack(
  tx: Tx,
  run: RunRow,
  { planAttempts }: Pick<EngineSettings, "planAttempts">,
  actor: By,
): Promise<RunRow | null> {
  const moved = await tx.one<RunRow>(decisions.giveBack, [run.id, run.lease_epoch, run.lease_runner_id, planAttempts]);
  if (!moved) return null;
  await tx.notify("takosumi_queue", moved.pool);
  await recordRun(tx, moved, "run.requeued", actor, { attempt: run.attempts, reason: "runner_stopped" });
  return moved;
}
