import type { RunKind, RunStatus } from "@takosumi/contracts/deploy/run";
import { type EventBatch, EventFeed, endsRun } from "./event-feed.ts";
import { HistoryPages } from "./history-pages.ts";
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
/** Of the events in one answer. */
const answerBytes = 8 * 1024 * 1024;
const noSignal = new AbortController().signal;

/** Everybody in this process who follows a Run, one feed a Run. */
export function openFollowing(used: Used) {
  const { db, notices } = used;
  const feeds = new Map<string, EventFeed>();

  const history = new HistoryPages(used);

  const feedOf = (run: { readonly id: string; readonly kind: RunKind }, last: number): EventFeed => {
    const known = feeds.get(run.id);
    if (known) return known;
    const feed = new EventFeed(run.kind, last);
    feeds.set(run.id, feed);
    void feed.run(used, notices, run.id).finally(() => feeds.get(run.id) === feed && feeds.delete(run.id));
    return feed;
  };

  async function* follow(run: { readonly id: string }, head: Head, after: number, signal: AbortSignal): AsyncGenerator<EventBatch> {
    const { kind } = head;
    const feed = isTerminal(kind, head.status) ? null : feedOf({ id: run.id, kind }, head.event_sequence);
    const seat = feed?.join();
    const leave = () => seat?.wake();
    signal.addEventListener("abort", leave, { once: true });
    try {
      let at = after;
      while (!signal.aborted) {
        const near = feed?.kept(at);
        const batch = near ?? (feed && at >= feed.last ? [] : await history.page(run.id, at));
        if (batch.length > 0) {
          at = batch.at(-1)?.sequence ?? at;
          yield batch;
          if (endsRun(kind, batch)) return;
        } else if (!feed || !seat || signal.aborted || !((await feed.more(seat)) || at < feed.last)) return;
      }
    } finally {
      signal.removeEventListener("abort", leave);
      if (feed && seat && feed.leave(seat) && feeds.get(run.id) === feed) feeds.delete(run.id);
    }
  }

  return {
    /** At most `limit` events after `after`, in order; fewer where they are large. */
    events: (run: string, after: number, limit: number): Promise<EventBatch> =>
      readEvents(used, run, after, { events: limit, bytes: answerBytes }),
    /** Events that this process has just stored, for those who follow here. */
    offer(run: string, batch: EventBatch): void {
      feeds.get(run)?.offer(batch);
    },
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
