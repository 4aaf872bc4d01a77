import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "../log.ts";
import { type LeasedCalls, LeaseLost } from "../wire/leased.ts";
import type { RunControl } from "./control.ts";

const ANSWER_MS = 5_000;
const FRESH_MS = 500;

/**
 * Renews a lease until `ended` aborts, whatever else the Run waits for. An api that is away does not end the Run: its own runner may
 * come back with the same epoch, and hears there whether the lease still stands.
 */
export async function keepLease(calls: LeasedCalls, control: RunControl, everyMs: number, log: Log, ended: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([ended, control.lost]);
  // The lease is fresh: a short Run needs no renewal at all.
  await wait(Math.min(FRESH_MS, everyMs), undefined, { signal }).catch(() => undefined);
  while (!signal.aborted) {
    try {
      // The answer is the wait: it comes after `everyMs`, or as soon as somebody cancels.
      const asked = Date.now();
      const { cancel } = await calls.renew(Math.floor(everyMs / 1000), { signal, patienceMs: everyMs, answerMs: everyMs + ANSWER_MS });
      if (cancel) control.stop("cancelled", cancel.reason);
      const early = asked + everyMs - Date.now();
      // An answer that came early without a reason is not asked for again at once.
      if (early > 0) await wait(early, undefined, { signal }).catch(() => undefined);
    } catch (error) {
      if (error instanceof LeaseLost || signal.aborted) return;
      log.warn({ run_id: calls.runId, problem: error instanceof Error ? error.message : String(error) }, "lease not renewed");
      await wait(everyMs / 10, undefined, { signal }).catch(() => undefined);
    }
  }
}
