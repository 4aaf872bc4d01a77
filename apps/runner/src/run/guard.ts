import { setTimeout as wait } from "node:timers/promises";
import type { Phase, PhaseExit } from "@takosumi/opentofu/types";
import type { Job } from "./job.ts";
import { watchUse } from "./watch-use.ts";

/**
 * Waits for a phase, and ends it when the Run must end. A phase that writes state gets one interrupt and its grace time; anything else
 * dies at once. Rejects for no reason but a broken file system: how it ended is for the caller to read.
 */
export async function guarded(
  job: Job,
  phase: Phase,
  { writes, beforeKill }: { writes: boolean; beforeKill?: () => Promise<void> },
): Promise<PhaseExit> {
  const { control, site } = job;
  const over = new AbortController();
  const end = async (): Promise<void> => {
    if (writes) {
      await phase.interrupt();
      await grace(over.signal, control.hurried, site.settings.cancelGraceMs, site.settings.stopGraceMs);
      if (over.signal.aborted) return;
      await beforeKill?.();
    }
    await phase.kill();
  };
  const ending: Promise<void>[] = [];
  const onStop = () => ending.push(end());
  if (control.stopped.aborted) onStop();
  else control.stopped.addEventListener("abort", onStop, { once: true });
  const watching = watchUse(job, phase, over.signal);
  try {
    return await phase.wait();
  } finally {
    over.abort();
    control.stopped.removeEventListener("abort", onStop);
    await Promise.all([...ending, watching]);
  }
}

/** The grace time; the shorter one from when the runner itself stops. */
async function grace(over: AbortSignal, hurried: AbortSignal, longMs: number, shortMs: number): Promise<void> {
  const done = () => undefined;
  if (!hurried.aborted) await wait(longMs, undefined, { signal: AbortSignal.any([over, hurried]) }).catch(done);
  if (hurried.aborted && !over.aborted) await wait(shortMs, undefined, { signal: over }).catch(done);
}
