import type { Db } from "@takosumi/db/db";

const channels = ["takosumi_run", "takosumi_queue", "takosumi_cancel"] as const;
/** A Run has new events (its id), a pool has something to claim (its name), or a Run is to stop (its id). */
export type Channel = (typeof channels)[number];

/** Wakes whoever waits in this process when PostgreSQL says that something changed. A wake-up is a hint: the reader looks for itself. */
export interface Notices {
  /** Resolves at the next notice for `topic`, after `ms`, or when `signal` aborts, whichever is first. */
  wait(channel: Channel, topic: string, ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `told` with the topic of every notice, and `missed` where some may have been lost. Answers how to stop. */
  hear(channel: Channel, told: (topic: string) => void, missed: () => void): () => void;
  close(): Promise<void>;
}

export async function openNotices(db: Db): Promise<Notices> {
  const waiting = new Map<string, Set<() => void>>();
  const wake = (key: string) => {
    for (const resolve of waiting.get(key) ?? []) resolve();
  };
  const hearing = new Set<{ readonly channel: Channel; readonly told: (topic: string) => void; readonly missed: () => void }>();
  const wakeAll = () => {
    for (const key of waiting.keys()) wake(key);
  };
  const listen = (channel: Channel) => {
    const told = (payload: string) => {
      const topic = payload.split(" ", 1)[0] ?? "";
      wake(`${channel} ${topic}`);
      for (const one of hearing) if (one.channel === channel) one.told(topic);
    };
    const missed = () => {
      wakeAll();
      for (const one of hearing) if (one.channel === channel) one.missed();
    };
    return db.listen(channel, told, missed);
  };
  const listeners = await Promise.all(channels.map(listen));
  return {
    wait: (channel, topic, ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const key = `${channel} ${topic}`;
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          const rest = waiting.get(key);
          rest?.delete(done);
          if (rest?.size === 0) waiting.delete(key);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener("abort", done);
        waiting.set(key, (waiting.get(key) ?? new Set()).add(done));
      }),
    hear(channel, told, missed) {
      const one = { channel, told, missed };
      hearing.add(one);
      return () => void hearing.delete(one);
    },
    close: async () => {
      wakeAll();
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}
