import type { RunKind, RunStatus } from "@takosumi/contracts/deploy/run";
import { type EventBatch, EventFeed, endsRun, eventPage } from "./event-feed.ts";
import { readEvents } from "./log-segments.ts";
import { eventHead } from "./queries/events-after.ts";
import type { EngineResources } from "./resources.ts";
import { isTerminal } from "./transitions.ts";

interface Head {
  readonly kind: RunKind;
  readonly status: RunStatus;
  readonly event_sequence: number;
}
type Used = Pick<EngineResources, "db" | "blobs" | "notices">;
const noSignal = new AbortController().signal;

/** Everybody in this process who follows a Run, one feed a Run. */
export function openFollowing(used: Used) {
  const { db, notices } = used;
  const feeds = new Map<string, EventFeed>();

  /** At most `limit` events after `after`, in order. */
  const page = (run: string, after: number, limit: number): Promise<EventBatch> => readEvents(used, run, after, limit);

  const join = (run: { readonly id: string; readonly kind: RunKind }, last: number): EventFeed => {
    const known = feeds.get(run.id);
    if (known) {
      known.join();
      return known;
    }
    const feed = new EventFeed(last);
    feed.join();
    feeds.set(run.id, feed);
    void feed.run(used, notices, run).finally(() => feeds.get(run.id) === feed && feeds.delete(run.id));
    return feed;
  };

  async function* follow(run: { readonly id: string }, head: Head, after: number, signal: AbortSignal): AsyncGenerator<EventBatch> {
    const { kind } = head;
    const feed = isTerminal(kind, head.status) ? null : join({ id: run.id, kind }, head.event_sequence);
    try {
      let at = after;
      while (!signal.aborted) {
        const near = feed?.kept(at);
        const batch = near ?? (feed && at >= feed.last ? [] : await page(run.id, at, eventPage));
        if (batch.length > 0) {
          at = batch.at(-1)?.sequence ?? at;
          yield batch;
          if (endsRun(kind, batch)) return;
        } else if (!feed || !((await feed.more(signal)) || at < feed.last)) return;
      }
    } finally {
      if (feed?.leave() && feeds.get(run.id) === feed) feeds.delete(run.id);
    }
  }

  return {
    events: page,
    /**
     * Batches after the event `after`, history first and then live, until the Run has ended. Null where it has, and `after` is its last.
     * A sequence that is not reached yet is the caller's to refuse: see `head`.
     */
    async follow(run: { readonly id: string }, after: number, signal: AbortSignal = noSignal): Promise<AsyncIterable<EventBatch> | null> {
      const head = await db.one<Head>(eventHead, [run.id]);
      if (!head || (isTerminal(head.kind, head.status) && after >= head.event_sequence)) return null;
      return follow(run, head, after, signal);
    },
  };
}
export type Following = ReturnType<typeof openFollowing>;
