import { setTimeout as wait } from "node:timers/promises";

/** The api could not be reached, or asked to come back later, for longer than the call had patience. */
export class Unreachable extends Error {
  constructor(what: string, cause: unknown) {
    super(`${what}: the api could not be reached (${cause instanceof Error ? cause.message : String(cause)})`, { cause });
    this.name = "Unreachable";
  }
}

/** Thrown by one attempt that may be made again. `afterMs`: what the api asked for. */
export class TryAgain extends Error {
  readonly afterMs: number;
  constructor(message: string, afterMs = 0) {
    super(message);
    this.name = "TryAgain";
    this.afterMs = afterMs;
  }
}

const FIRST_MS = 50;
const MOST_MS = 5_000;
const LONGEST_ASKED_MS = 30_000;

/** Repeats `attempt` while it throws TryAgain: doubling waits with jitter, for `patienceMs` in all. Ends with `signal`'s reason. */
export async function withRetries<T>(
  what: string,
  patienceMs: number,
  signal: AbortSignal,
  attempt: (tries: number) => Promise<T>,
): Promise<T> {
  const until = performance.now() + patienceMs;
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted();
    try {
      return await attempt(tries);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TryAgain)) throw error;
      const backoff = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(tries, 10)) * (0.5 + Math.random());
      const pause = Math.max(backoff, Math.min(error.afterMs, LONGEST_ASKED_MS));
      if (performance.now() + pause > until) throw new Unreachable(what, error);
      await wait(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
