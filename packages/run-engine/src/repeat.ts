import { setTimeout as pause } from "node:timers/promises";

/**
 * Does something again and again until closed: first after that many seconds, or `atOnce`. An error is told, and the next round tries
 * again. `close` waits for the round that is under way.
 */
export function repeat(
  seconds: number,
  work: (signal: AbortSignal) => Promise<void>,
  onError: (error: unknown) => void,
  { atOnce = false }: { readonly atOnce?: boolean } = {},
): { close(): Promise<void> } {
  const stop = new AbortController();
  const { signal } = stop;
  const rounds = async () => {
    if (atOnce) await work(signal).catch(onError);
    while (await pause(seconds * 1_000, true, { signal, ref: false }).catch(() => false)) await work(signal).catch(onError);
  };
  const running = rounds();
  return {
    close: () => {
      stop.abort();
      return running;
    },
  };
}
