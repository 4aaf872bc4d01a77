import { setTimeout as pause } from "node:timers/promises";
import { forgetDenials } from "@takosumi/db/audit-denials";
import type { Resources } from "../resources.ts";
import { forgetClaims } from "./repository.ts";

const every = 5 * 60_000;
const batch = 1_000;
/** Batches of one round, so that a round ends; what is left is the next one's. */
const batches = 50;
const denialsKept = 24 * 3_600_000;

/** Removes what has expired. Any number of processes may do it at once. */
export function keepHouse({ db, log }: Pick<Resources, "db" | "log">): { close(): Promise<void> } {
  const stop = new AbortController();
  const loop = async () => {
    while (await waited(stop.signal)) {
      try {
        await tidy(db, stop.signal);
      } catch (err) {
        log.warn({ err }, "expired rows could not be removed: the next round tries again");
      }
    }
  };
  const ended = loop();
  return {
    close: () => {
      stop.abort();
      return ended;
    },
  };
}

/** One round. */
export async function tidy(db: Resources["db"], signal: AbortSignal): Promise<void> {
  for (let i = 0; i < batches && !signal.aborted; i++) if ((await forgetClaims(db, batch)) < batch) break;
  await forgetDenials(db, new Date(Date.now() - denialsKept));
}

const waited = (signal: AbortSignal): Promise<boolean> => pause(every, true, { signal, ref: false }).catch(() => false);
