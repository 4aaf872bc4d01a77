import { setTimeout as pause } from "node:timers/promises";
import type { RunKind, RunStatus } from "@takosumi/contracts/deploy/run";
import { type PageSize, readEvents } from "./log-segments.ts";
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

/** Events of one read: what one follower may hold, however slow it is. */
export const eventPage: PageSize = { events: 128, bytes: 256 * 1024 };
/** What is kept for followers that are a little behind; who is further behind reads the table. */
const kept = { batches: 64, characters: 4 * 1024 * 1024 };
/** NOTIFY is a hint that may be lost. */
const pollMs = 5_000;
/** Handing a batch to a crowd takes its time, whatever is in it: what comes meanwhile goes into one batch. */
const rest = { msEachFollower: 0.03, longestMs: 50 };

const weight = (batch: EventBatch): number =>
  batch.reduce((sum, { data }) => sum + (typeof data.text === "string" ? data.text.length : 200), 0);

/** Where one follower waits for more. */
export interface Seat {
  wake: () => void;
}

/**
 * Reads the newest events of one Run once for everybody in this process who follows it. A batch is the same array for all of them, so
 * that it is checked and encoded once.
 */
export class EventFeed {
  readonly #kind: RunKind;
  readonly #batches: EventBatch[] = [];
  readonly #stop = new AbortController();
  #held = 0;
  #last: number;
  readonly #seats = new Set<Seat>();
  #done = false;
  #failure: Error | undefined;

  constructor(kind: RunKind, last: number) {
    this.#kind = kind;
    this.#last = last;
  }

  /** Sequence of the newest event that the feed has read. */
  get last(): number {
    return this.#last;
  }

  join(): Seat {
    const seat = { wake: () => {} };
    this.#seats.add(seat);
    return seat;
  }

  /** True where the last one left. */
  leave(seat: Seat): boolean {
    this.#seats.delete(seat);
    if (this.#seats.size === 0) this.#stop.abort();
    return this.#seats.size === 0;
  }

  /** Reads on until the Run has ended or nobody follows. */
  async run(stores: Pick<EngineResources, "db" | "blobs">, notices: Notices, run: string): Promise<void> {
    const { signal } = this.#stop;
    try {
      while (!signal.aborted && !this.#done) {
        // Listening begins before the read, so that nothing falls between the two.
        const heard = notices.wait("takosumi_run", run, pollMs, signal);
        const after = this.#last;
        const read = await readEvents(stores, run, after, eventPage);
        const batch = after === this.#last ? read : read.filter(({ sequence }) => sequence > this.#last);
        if (batch.length > 0) {
          this.#take(batch);
          if (this.#restMs > 0) await pause(this.#restMs);
        } else if (read.length === 0) await heard;
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    }
    this.#done = true;
    this.#wake();
  }

  /** Takes a batch that this process has just stored, where it is the next one: nobody waits for it to be told and read again. */
  offer(batch: EventBatch): void {
    if (!this.#done && this.#restMs === 0 && batch[0]?.sequence === this.#last + 1) this.#take(batch);
  }

  get #restMs(): number {
    const ms = Math.min(this.#seats.size * rest.msEachFollower, rest.longestMs);
    return ms < 1 || this.#done ? 0 : ms;
  }

  /** The batch that follows `after`; undefined where it is no longer kept and must be read. */
  kept(after: number): EventBatch | undefined {
    // From the newest: that is where most followers are.
    const batch = this.#batches.findLast((one) => (one[0]?.sequence ?? 0) <= after + 1);
    if (!batch || (batch.at(-1)?.sequence ?? 0) <= after) return undefined;
    const first = batch[0]?.sequence ?? 0;
    return first === after + 1 ? batch : batch.filter(({ sequence }) => sequence > after);
  }

  /** Waits for the next batch, or until the seat is woken; false once there will be none. Throws what the reading failed with. */
  async more(seat: Seat): Promise<boolean> {
    if (!this.#done)
      await new Promise<void>((resolve) => {
        seat.wake = resolve;
      });
    if (this.#failure) throw this.#failure;
    return !this.#done;
  }

  #take(batch: EventBatch): void {
    this.#batches.push(batch);
    this.#held += weight(batch);
    while (this.#batches.length > 1 && (this.#batches.length > kept.batches || this.#held > kept.characters))
      this.#held -= weight(this.#batches.shift() as EventBatch);
    this.#last = batch.at(-1)?.sequence ?? this.#last;
    this.#done = endsRun(this.#kind, batch);
    this.#wake();
  }

  #wake(): void {
    for (const { wake } of this.#seats) wake();
  }
}

/** Whether the Run reached its end within these events: nothing follows it. */
export const endsRun = (kind: RunKind, batch: EventBatch): boolean => {
  const last = batch.at(-1);
  return last?.type === "status" && isTerminal(kind, last.data.status as RunStatus);
};
