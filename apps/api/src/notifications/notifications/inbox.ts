import type { Db } from "@takosumi/db/db";
import { notificationChannel } from "@takosumi/db/notifications";
import { notificationsAfter, type Streamed } from "./repository.ts";

/** Wakes whoever follows a person's notifications in this process. */
export interface Inbox {
  /** Batches of what is new after a sequence, in order, until the signal. */
  follow(userId: string, after: number, signal: AbortSignal): AsyncGenerator<readonly Streamed[]>;
  close(): Promise<void>;
}

const page = 100;
/** A notice is a hint that may be lost. */
const pollMs = 30_000;

/** Listens once for everybody in this process. */
export async function openInbox(db: Db): Promise<Inbox> {
  const waiting = new Map<string, Set<() => void>>();
  const wake = (userId: string) => {
    for (const go of waiting.get(userId) ?? []) go();
  };
  const listening = await db.listen(
    notificationChannel,
    (payload) => wake(payload.split(" ", 1)[0] ?? ""),
    () => {
      for (const userId of waiting.keys()) wake(userId);
    },
  );

  /** Begins to wait before the caller reads, so that nothing falls between the two. */
  const next = (userId: string, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const go = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", go);
        const rest = waiting.get(userId);
        rest?.delete(go);
        if (rest?.size === 0) waiting.delete(userId);
        resolve();
      };
      const timer = setTimeout(go, pollMs);
      timer.unref();
      signal.addEventListener("abort", go);
      waiting.set(userId, (waiting.get(userId) ?? new Set()).add(go));
      if (signal.aborted) go();
    });

  return {
    async *follow(userId, after, signal) {
      for (let at = after; !signal.aborted; ) {
        const heard = next(userId, signal);
        const rows = await notificationsAfter(db, userId, at, page);
        at = rows.at(-1)?.sequence ?? at;
        const told = rows.filter(({ silent }) => !silent);
        if (told.length > 0) yield told;
        if (rows.length === 0) await heard;
      }
    },
    close: () => listening.close(),
  };
}
