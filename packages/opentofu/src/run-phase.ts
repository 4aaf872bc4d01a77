import { type PhaseStart, startPhase } from "./phase.ts";
import { readProduced } from "./produced.ts";
import type { Phase, PhaseExit } from "./types.ts";

export type Bounds = { timeoutMs: number; maxBytes: number; stop?: AbortSignal };
export type PhaseOutput = { exit: PhaseExit; timedOut: boolean; stdout: Buffer; stderr: Buffer };

/**
 * Runs one of the short commands to its end and answers what it said. Killed after `timeoutMs` or when `stop` aborts
 * (`timedOut` tells the first). Throws `too_large` where either stream has more than `maxBytes`.
 */
export async function runPhase(start: PhaseStart, bounds: Bounds): Promise<PhaseOutput> {
  bounds.stop?.throwIfAborted();
  return outputOf(await startPhase(start), bounds);
}

/** The same of a phase that was started already. */
export async function outputOf(phase: Phase, { timeoutMs, maxBytes, stop }: Bounds): Promise<PhaseOutput> {
  let timedOut = false;
  const kill = () => void phase.kill();
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, timeoutMs);
  stop?.addEventListener("abort", kill);
  if (stop?.aborted) kill();
  try {
    const exit = await phase.wait();
    const [stdout, stderr] = await Promise.all([readProduced(phase.files.stdout, maxBytes), readProduced(phase.files.stderr, maxBytes)]);
    return { exit, timedOut, stdout: stdout ?? Buffer.alloc(0), stderr: stderr ?? Buffer.alloc(0) };
  } finally {
    clearTimeout(timer);
    stop?.removeEventListener("abort", kill);
  }
}
