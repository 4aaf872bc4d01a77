import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "../log.ts";
import { type LeasedCalls, LeaseLost } from "../wire/leased.ts";
import type { RunControl } from "./control.ts";

/**
 * Renews a lease until `ended` aborts, whatever else the Run waits for. An api that is away does not end the Run: its own runner may
 * come back with the same epoch, and hears there whether the lease still stands.
 */
export async function keepLease(calls: LeasedCalls, control: RunControl, everyMs: number, log: Log, ended: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([ended, control.lost]);
  while (!signal.aborted) {
    await wait(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const { cancel } = await calls.renew({ signal, patienceMs: everyMs, answerMs: everyMs });
      if (cancel) control.stop("cancelled", cancel.reason);
    } catch (error) {
      if (error instanceof LeaseLost || signal.aborted) return;
      log.warn({ run_id: calls.runId, problem: error instanceof Error ? error.message : String(error) }, "lease not renewed");
    }
  }
}
