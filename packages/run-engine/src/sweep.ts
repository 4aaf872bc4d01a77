import type { Tx } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { Hearing } from "./hearing.ts";
import { releaseCapsule } from "./lock.ts";
import { decisions } from "./queries/moves.ts";
import { holdCapsule } from "./queries/snapshot.ts";
import { engineActor, recordRun } from "./record.ts";
import { recoveryOf } from "./recovery.ts";
import { repeat } from "./repeat.ts";
import { mayTryAgain, requeue } from "./requeue.ts";
import type { EngineResources } from "./resources.ts";

const batch = 100;
/** Runs whose runner was not heard of until well past its lease. $1 grace seconds, $2 how many. Plan: runs_lease_idx. */
const overdue = statement(
  "sweep_overdue",
  `SELECT * FROM runs WHERE status = 'running' AND lease_expires_at < now() - $1 * interval '1 second' ORDER BY lease_expires_at LIMIT $2`,
);

const databaseTime = statement("sweep_time", `SELECT now() AS now`);

/**
 * Ends what time has ended, once: plans past their time and, where `silentAreGone`, Runs whose runner is overdue. Safe on many replicas at
 * once. A Run that cannot be given up is told to `onError` and keeps no other one waiting.
 */
export async function sweep(resources: EngineResources, silentAreGone: boolean, onError: (error: unknown) => void): Promise<void> {
  const { db, settings } = resources;
  await db.transaction(async (tx) => {
    for (const run of await tx.query<RunRow>(decisions.expire, [batch])) await recordRun(tx, run, "run.expired", engineActor);
  });
  if (!silentAreGone) return;
  for (const run of await db.query<RunRow>(overdue, [settings.graceSeconds, batch])) await giveUp(resources, run).catch(onError);
}

async function giveUp(resources: EngineResources, run: RunRow): Promise<void> {
  const { db, settings } = resources;
  const recovery = run.kind === "plan" ? null : await recoveryOf(resources, run, "lease_lost");
  await db.transaction(async (tx) => {
    const held = [run.id, run.lease_epoch];
    if (recovery) {
      if (await handBack(tx, run, settings)) return;
      const error = {
        code: "LEASE_LOST",
        message: "its runner was not heard of any more; what it did is not known for certain",
        details: null,
      };
      const moved = await tx.one<RunRow>(decisions.suspend, [...held, JSON.stringify(error), JSON.stringify(recovery)]);
      if (moved) await recordRun(tx, moved, "run.needs_recovery", engineActor, { reason: "lease_lost", ledger: recovery.ledger.length });
    } else if (run.cancel_requested_at !== null) {
      const moved = await tx.one<RunRow>(decisions.cancelLost, held);
      if (moved) await recordRun(tx, moved, "run.cancelled", engineActor);
    } else if (mayTryAgain(run, settings)) {
      await requeue(tx, run, engineActor, "LEASE_LOST");
    } else {
      const error = { code: "LEASE_LOST", message: `its runner was lost ${run.attempts} times`, details: null };
      const moved = await tx.one<RunRow>(decisions.giveUpPlan, [...held, JSON.stringify(error)]);
      if (moved) await recordRun(tx, moved, "run.failed", engineActor, { reason: "LEASE_LOST" });
    }
  });
}

/** An apply that was surely not begun waits again, or ends where somebody had cancelled it. False for any other. */
async function handBack(tx: Tx, run: RunRow, { planAttempts }: EngineResources["settings"]): Promise<boolean> {
  const cancelled = run.cancel_requested_at !== null;
  if (cancelled) await tx.one(holdCapsule, [run.capsule_id]);
  const moved = await tx.one<RunRow>(decisions.handBack, [run.id, run.lease_epoch, planAttempts]);
  if (!moved) return false;
  if (cancelled) {
    const ended = (await tx.one<RunRow>(decisions.cancelWaiting, [run.id, run.cancel_reason])) as RunRow;
    await releaseCapsule(tx, run.capsule_id, run.id);
    await recordRun(tx, ended, "run.cancelled", engineActor);
  } else {
    await tx.notify("takosumi_queue", moved.pool);
    await recordRun(tx, moved, "run.requeued", engineActor, { attempt: run.attempts, reason: "LEASE_LOST" });
  }
  return true;
}

/** Sweeps until closed. An error is told and the next round tries again. */
export function startSweeper(resources: EngineResources, onError: (error: unknown) => void): { close(): Promise<void> } {
  const hearing = new Hearing(resources.settings);
  const round = async () => {
    const [{ now }] = (await resources.db.query<{ now: Date }>(databaseTime, [])) as [{ now: Date }];
    await sweep(resources, hearing.heard(now), onError);
  };
  const failed = (error: unknown) => {
    hearing.lost();
    onError(error);
  };
  return repeat(resources.settings.sweepSeconds, round, failed, { atOnce: true });
}
