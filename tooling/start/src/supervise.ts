import { setTimeout as pause } from "node:timers/promises";
import type { Child } from "./child.ts";

const firstMs = 500;
const mostMs = 30_000;
/** A process that stayed up this long begins again with the shortest pause. */
const steadyMs = 60_000;

export interface Supervised {
  /** Ends the process, and does not start it again. */
  stop(graceMs: number): Promise<void>;
  /** Ends the process; it is started again at once. */
  restart(graceMs: number): Promise<void>;
}

/** Starts a process again whenever it ends, after a pause that doubles from 0.5 s to 30 s. `say` gets a line for the console each time. */
export function supervise(name: string, first: Child, start: () => Child, say: (line: string) => void): Supervised {
  const stopping = new AbortController();
  let current = first;
  let wanted = false;
  const loop = async () => {
    for (let waitMs = firstMs; ; ) {
      const began = performance.now();
      const { text } = await current.exited;
      if (stopping.signal.aborted) return;
      if (wanted) wanted = false;
      else {
        if (performance.now() - began > steadyMs) waitMs = firstMs;
        say(`${name} ended (${text}); starting it again in ${waitMs / 1000} s (log: ${current.log})`);
        await pause(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
        waitMs = Math.min(waitMs * 2, mostMs);
      }
      if (stopping.signal.aborted) return;
      current = start();
    }
  };
  const looping = loop();
  return {
    async stop(graceMs) {
      stopping.abort();
      await current.stop(graceMs);
      await looping;
    },
    async restart(graceMs) {
      wanted = !current.ended();
      await current.stop(graceMs);
    },
  };
}
