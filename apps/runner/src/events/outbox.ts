import { setTimeout as wait } from "node:timers/promises";
import type { RunnerEvent } from "@takosumi/contracts/runner/events";
import type { LeasedCalls } from "../wire/leased.ts";
import type { Cursor, Pending } from "./cursor.ts";
import { EventQueue, type Hiding, type Place } from "./queue.ts";

const COALESCE_MS = 5;
/** What only says how far the Run is waits so long for something to go with. */
const COMPANY_MS = 250;

/**
 * Sends the events of one Run: what the tool says at once, what follows in batches, one batch at a time, each with the sequence number of
 * its first event. While the api is away nothing is lost and nothing grows: `add` waits, and with it the reader of the tool's files.
 */
export class Outbox {
  readonly #calls: Pick<LeasedCalls, "events">;
  readonly #cursor: Cursor;
  readonly #coalesceMs: number;
  readonly #hiding: Hiding;
  readonly #queue = new EventQueue();
  #sending: Promise<void> | null = null;
  #broken: Error | null = null;
  #held = 0;
  #hurry = new AbortController();
  #sentAt = Number.NEGATIVE_INFINITY;
  #soon: NodeJS.Timeout | null = null;
  #room = Promise.withResolvers<void>();

  constructor(calls: Pick<LeasedCalls, "events">, cursor: Cursor, hiding: Hiding, coalesceMs = COALESCE_MS) {
    this.#coalesceMs = coalesceMs;
    this.#calls = calls;
    this.#cursor = cursor;
    this.#hiding = hiding;
    if (cursor.pending) this.#start();
  }

  /** Resolves when there is room for more. Rejects once a batch could not be delivered. `afterGap`: see the queue. */
  async add(event: RunnerEvent, place: Place | null = null, afterGap = false): Promise<void> {
    this.#throwIfBroken();
    this.#queue.add(event, place, afterGap);
    if (this.#queue.ready) this.#hurry.abort();
    if (event.type === "phase" || event.type === "isolation") this.#soon ??= setTimeout(() => this.#start(), COMPANY_MS);
    else this.#start();
    while (this.#queue.full && !this.#broken) await this.#room.promise;
    this.#throwIfBroken();
  }

  /** All that was added has arrived but for the last batch, which goes with the end of the Run. Nothing may be added any more. */
  async rest(): Promise<Pending | null> {
    this.#held++;
    this.#hurry.abort();
    await this.#sending;
    this.#throwIfBroken();
    let last = this.#cursor.pending;
    while (!this.#queue.empty) {
      if (last) await this.#deliver(last);
      const { events, places } = this.#queue.take(this.#hiding);
      last = events.length > 0 ? this.#cursor.sending(events, places) : null;
    }
    return last;
  }

  /** Keeps everything back until the returned function is called: the Run's secrets are not all known yet. */
  hold(): () => void {
    this.#held++;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#held--;
      this.#start();
      this.#release();
    };
  }

  #throwIfBroken(): void {
    if (this.#broken) throw this.#broken;
  }

  #start(): void {
    if (this.#soon) clearTimeout(this.#soon);
    this.#soon = null;
    if (this.#sending || this.#held > 0 || this.#broken) return;
    this.#sending = this.#send()
      .catch((error: unknown) => {
        this.#broken = error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        this.#sending = null;
        this.#release();
        if (!this.#queue.empty) this.#start();
      });
  }

  async #send(): Promise<void> {
    if (this.#cursor.pending) await this.#deliver(this.#cursor.pending);
    while (!this.#queue.empty && this.#held === 0) {
      const since = performance.now() - this.#sentAt;
      if (since < this.#coalesceMs) await wait(this.#coalesceMs - since, undefined, { signal: this.#hurry.signal }).catch(() => undefined);
      this.#hurry = new AbortController();
      if (this.#held > 0) return;
      const { events, places } = this.#queue.take(this.#hiding);
      this.#release();
      if (events.length > 0) await this.#deliver(this.#cursor.sending(events, places));
    }
  }

  async #deliver(pending: Pending): Promise<void> {
    await this.#calls.events(pending.first, pending.events);
    this.#cursor.arrived(pending);
    this.#sentAt = performance.now();
  }

  #release(): void {
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }
}
