import { setTimeout as pause } from "node:timers/promises";

/** Does something again and again until closed. An error is told, and the next round tries again. */
export function repeat(
  seconds: number,
  work: (signal: AbortSignal) => Promise<void>,
  onError: (error: unknown) => void,
): { close(): Promise<void> } {
  const stop = new AbortController();
  const { signal } = stop;
  const rounds = async () => {
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
