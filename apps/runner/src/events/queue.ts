import { batchLimit, logEventBytes, type RunnerEvent } from "@takosumi/contracts/runner/events";
import type { Places } from "./cursor.ts";
import { fit } from "./fit.ts";

/** Where in a file an event ends: what a later reader starts from once the event has arrived. */
export type Place = { readonly name: string; readonly offset: number; readonly memory?: string };
type Entry = { event: RunnerEvent; place: Place | null; readonly afterGap: boolean };
export type Batch = { readonly events: readonly string[]; readonly places: Places };
/** What is hidden of what is sent, and where a line that goes on may be cut so that nothing of that is cut. */
export type Hiding = { readonly json: (value: unknown) => unknown; readonly cut: (text: string) => number };

const MERGED_CHARACTERS = logEventBytes;
const MOST_CHARACTERS = 4 * 1024 * 1024;
const MOST_ENTRIES = 5_000;
/** Room for the body's head. */
const BATCH_BYTES = batchLimit.bytes - 4_096;

/** Events that wait to be sent. Neighbouring log text is joined. Bounded: a reader waits while it is full. */
export class EventQueue {
  #entries: Entry[] = [];
  #characters = 0;
  /** Redacted texts of an entry that did not fit into the batch before. */
  #left: { texts: string[]; place: Place | null } | null = null;
  /** Ends of lines that go on, by the name of their file: what follows tells whether something secret stands there. */
  readonly #open = new Map<string, string>();

  get full(): boolean {
    return this.#characters >= MOST_CHARACTERS || this.#entries.length >= MOST_ENTRIES;
  }

  get empty(): boolean {
    return this.#entries.length === 0 && this.#left === null;
  }

  /** Whether a batch could be filled to its limit. */
  get ready(): boolean {
    return this.#entries.length >= batchLimit.events || this.#characters >= batchLimit.bytes / 2;
  }

  /** `afterGap`: what stood between this and an unfinished line before it is left out. */
  add(event: RunnerEvent, place: Place | null, afterGap = false): void {
    const last = this.#entries.at(-1);
    this.#characters += weight(event);
    if (
      event.type === "log" &&
      last?.event.type === "log" &&
      !afterGap &&
      last.place?.name === place?.name &&
      last.event.text.length + event.text.length <= MERGED_CHARACTERS
    ) {
      last.event.text += event.text;
      last.place = place;
    } else this.#entries.push({ event: event.type === "log" ? { ...event } : event, place, afterGap });
  }

  /** The next batch, redacted here: patterns that were learned while an event waited still hide it. */
  take(hiding: Hiding): Batch {
    const events: string[] = [];
    const places: Record<string, { offset: number; memory?: string }> = {};
    let bytes = 0;
    let used = 0;
    for (;;) {
      const entry = this.#left ? null : this.#entries[used];
      if (!this.#left && !entry) break;
      const next = this.#left ?? this.#told(entry as Entry, hiding);
      if (!this.#left) {
        used++;
        if (entry) this.#characters -= weight(entry.event);
      }
      this.#left = null;
      const size = next.texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
      // An entry stays whole where it can: its place is only right once all of it has arrived.
      if (events.length > 0 && (events.length + next.texts.length > batchLimit.events || bytes + size > BATCH_BYTES)) {
        this.#left = next;
        break;
      }
      while (
        next.texts.length > 0 &&
        events.length < batchLimit.events &&
        bytes + Buffer.byteLength(next.texts[0] ?? "") + 1 <= BATCH_BYTES
      ) {
        const text = next.texts.shift() ?? "";
        bytes += Buffer.byteLength(text) + 1;
        events.push(text);
      }
      if (next.texts.length > 0) {
        this.#left = next;
        break;
      }
      if (next.place)
        places[next.place.name] = { offset: next.place.offset, ...(next.place.memory !== undefined && { memory: next.place.memory }) };
    }
    this.#entries.splice(0, used);
    return { events, places };
  }

  /** An entry as it is sent. Of a line that goes on, what may be the beginning of a secret waits for the next entry. */
  #told({ event, place, afterGap }: Entry, hiding: Hiding): { texts: string[]; place: Place | null } {
    if (event.type !== "log" || !place) return { texts: texts(event, hiding), place };
    const before = afterGap ? "" : (this.#open.get(place.name) ?? "");
    const text = before + event.text;
    this.#open.delete(place.name);
    if (text.endsWith("\n")) return { texts: texts({ ...event, text }, hiding), place };
    const cut = hiding.cut(text);
    this.#open.set(place.name, text.slice(cut));
    const told = { ...place, offset: place.offset - Buffer.byteLength(text.slice(cut)) };
    return { texts: cut > 0 ? texts({ ...event, text: text.slice(0, cut) }, hiding) : [], place: told };
  }
}

const texts = (event: RunnerEvent, { json }: Hiding): string[] => fit(json(event) as RunnerEvent).map((one) => JSON.stringify(one));
const weight = (event: RunnerEvent): number => (event.type === "log" ? event.text.length : 400);
