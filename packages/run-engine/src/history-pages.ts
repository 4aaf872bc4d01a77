import { type EventBatch, eventPage } from "./event-feed.ts";
import { readEvents } from "./log-segments.ts";
import type { EngineResources } from "./resources.ts";

const kept = { pages: 32, ms: 5_000 };

/**
 * Pages of history, read once for everybody who wants the same one at about the same time: after a restart all come back at once, to the
 * same place. What was read stays true, because events are only added.
 */
export class HistoryPages {
  readonly #stores: Pick<EngineResources, "db" | "blobs">;
  readonly #pages = new Map<string, Promise<EventBatch>>();

  constructor(stores: Pick<EngineResources, "db" | "blobs">) {
    this.#stores = stores;
  }

  page(run: string, after: number): Promise<EventBatch> {
    const key = `${run} ${after}`;
    const known = this.#pages.get(key);
    if (known) return known;
    const read = readEvents(this.#stores, run, after, eventPage);
    this.#pages.set(key, read);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= kept.pages) break;
      this.#pages.delete(oldest);
    }
    const forget = () => {
      if (this.#pages.get(key) === read) this.#pages.delete(key);
    };
    read.then((batch) => (batch.length > 0 ? setTimeout(forget, kept.ms).unref() : forget()), forget);
    return read;
  }
}
