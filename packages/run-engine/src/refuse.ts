import type { Tx } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";
import { releaseCapsule } from "./lock.ts";
import { moves } from "./queries/moves.ts";
import { recordRun, runnerActor } from "./record.ts";

/** Why a Run that was just taken is not handed out. */
export interface Wrong {
  readonly to: "stale" | "cancelled" | "failed";
  readonly code: string;
  readonly message: string;
}
export const broken = (message: string): Wrong => ({ to: "failed", code: "SEAL_MISMATCH", message: `${message}: nothing was executed` });

/** Ends a Run that its runner never hears of, and lets its Capsule go. */
export async function refuseTaken(tx: Tx, run: RunRow, by: Parameters<typeof runnerActor>[0], wrong: Wrong): Promise<void> {
  const error = JSON.stringify({ code: wrong.code, message: wrong.message, details: null });
  const held = [run.id, run.lease_epoch, by.runner_id];
  const ended =
    wrong.to === "failed"
      ? await tx.one<RunRow>(moves.failed, [...held, error, null, null, null])
      : await tx.one<RunRow>(wrong.to === "stale" ? moves.outdated : moves.refused, [...held, error]);
  if (!ended) throw new Error(`Run ${run.id} could not be refused`);
  await releaseCapsule(tx, run.capsule_id, run.id);
  await recordRun(tx, ended, `run.${wrong.to}`, runnerActor(by), { reason: wrong.code });
}
