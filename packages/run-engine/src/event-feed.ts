import type { RunKind, RunStatus } from "@takosumi/contracts/deploy/run";
import { readEvents } from "./log-segments.ts";
import type { Notices } from "./notices.ts";
import type { EngineResources } from "./resources.ts";
import { isTerminal } from "./transitions.ts";

/** One entry of a Run's log of events. */
export interface LoggedEvent {
  readonly run_id: string;
  readonly sequence: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: Date;
}
export type EventBatch = readonly LoggedEvent[];

/** Events of one read. A log event holds at most 64 KiB, so that a page is at most 8 MiB. */
export const eventPage = 128;
/** What is kept for followers that are a little behind; who is further behind reads the table. */
const kept = { batches: 64, characters: 4 * 1024 * 1024 };
/** NOTIFY is a hint that may be lost. */
const pollMs = 5_000;

const weight = (batch: EventBatch): number =>
  batch.reduce((sum, { data }) => sum + (typeof data.text === "string" ? data.text.length : 200), 0);

/**
 * Reads the newest events of one Run once for everybody in this process who follows it. A batch is the same array for all of them, so
 * that it is checked and encoded once.
 */
export class EventFeed {
  readonly #batches: EventBatch[] = [];
  readonly #stop = new AbortController();
  #held = 0;
  #last: number;
  #followers = 0;
  #done = false;
  #failure: Error | undefined;
  #wake: () => void = () => {};
  #changed: Promise<void>;

  constructor(last: number) {
    this.#last = last;
    this.#changed = this.#latch();
  }

  /** Sequence of the newest event that the feed has read. */
  get last(): number {
    return this.#last;
  }

  join(): void {
    this.#followers += 1;
  }

  /** True where the last one left. */
  leave(): boolean {
    this.#followers -= 1;
    if (this.#followers === 0) this.#stop.abort();
    return this.#followers === 0;
  }

  /** Reads on until the Run has ended or nobody follows. */
  async run(
    stores: Pick<EngineResources, "db" | "blobs">,
    notices: Notices,
    run: { readonly id: string; readonly kind: RunKind },
  ): Promise<void> {
    const { signal } = this.#stop;
    try {
      while (!signal.aborted && !this.#done) {
        // Listening begins before the read, so that nothing falls between the two.
        const heard = notices.wait("takosumi_run", run.id, pollMs, signal);
        const batch = await readEvents(stores, run.id, this.#last, eventPage);
        if (batch.length > 0) this.#take(batch, run.kind);
        else await heard;
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    }
    this.#done = true;
    this.#wake();
  }

  /** The batch that follows `after`; undefined where it is no longer kept and must be read. */
  kept(after: number): EventBatch | undefined {
    const batch = this.#batches.find((one) => (one.at(-1)?.sequence ?? 0) > after);
    const first = batch?.[0]?.sequence ?? 0;
    if (!batch || first > after + 1) return undefined;
    return first === after + 1 ? batch : batch.filter(({ sequence }) => sequence > after);
  }

  /** Waits for the next batch; false once there will be none. Throws what the reading failed with. */
  async more(signal: AbortSignal): Promise<boolean> {
    if (!this.#done && !signal.aborted)
      await new Promise<void>((resolve) => {
        const go = () => {
          signal.removeEventListener("abort", go);
          resolve();
        };
        signal.addEventListener("abort", go);
        void this.#changed.then(go);
      });
    if (this.#failure) throw this.#failure;
    return !this.#done;
  }

  #take(batch: EventBatch, kind: RunKind): void {
    this.#batches.push(batch);
    this.#held += weight(batch);
    while (this.#batches.length > 1 && (this.#batches.length > kept.batches || this.#held > kept.characters))
      this.#held -= weight(this.#batches.shift() as EventBatch);
    this.#last = batch.at(-1)?.sequence ?? this.#last;
    this.#done = endsRun(kind, batch);
    const wake = this.#wake;
    this.#changed = this.#latch();
    wake();
  }

  #latch(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    return promise;
  }
}

/** Whether the Run reached its end within these events: nothing follows it. */
export const endsRun = (kind: RunKind, batch: EventBatch): boolean => {
  const last = batch.at(-1);
  return last?.type === "status" && isTerminal(kind, last.data.status as RunStatus);
};
