import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/** How far the files of a phase were read, by name: bytes, and what the reader must remember between lines. */
export type Places = Readonly<Record<string, { readonly offset: number; readonly memory?: string }>>;
/** A batch that was sent and may or may not have arrived. */
export type Pending = { readonly first: number; readonly events: readonly string[]; readonly places: Places };
type Saved = { readonly sequence: number; readonly places: Places; readonly pending: Pending | null };

/**
 * What the log of a Run holds already, kept in 0600 files that the payload cannot reach: a runner that is killed in the middle of a
 * batch sends that very batch again, and the api knows by its first sequence whether it had it. Two files are written in turn and in
 * place (making one costs a millisecond): one that was cut short is seen by its checksum, and its batch was not sent yet.
 */
export class Cursor {
  readonly #paths: readonly [string, string];
  readonly #files: [number?, number?] = [];
  #turn: number;
  #saved: Saved;

  /** `arrived`: the last sequence that the api holds, from the lease. */
  constructor(dir: string, arrived: number) {
    this.#paths = [join(dir, "cursor.0"), join(dir, "cursor.1")];
    const newest = this.#paths.map(read).reduce((one, other) => ((other?.turn ?? 0) > (one?.turn ?? 0) ? other : one), null);
    this.#turn = newest?.turn ?? 0;
    const saved = newest?.saved ?? { sequence: arrived, places: {}, pending: null };
    const { pending } = saved;
    if (pending && arrived >= pending.first + pending.events.length - 1)
      this.#saved = { sequence: arrived, places: pending.places, pending: null };
    else this.#saved = { ...saved, sequence: pending ? pending.first - 1 : arrived };
  }

  get sequence(): number {
    return this.#saved.sequence;
  }

  get pending(): Pending | null {
    return this.#saved.pending;
  }

  /** Where reading goes on after everything that was sent, `pending` included. */
  get places(): Places {
    return { ...this.#saved.places, ...this.#saved.pending?.places };
  }

  sending(events: readonly string[], places: Places): Pending {
    const pending = { first: this.#saved.sequence + 1, events, places: { ...this.#saved.places, ...places } };
    this.#write({ ...this.#saved, pending });
    return pending;
  }

  arrived(pending: Pending): void {
    // Kept in memory only: with `pending` on disk and the api's own sequence the next start concludes the same.
    this.#saved = { sequence: pending.first + pending.events.length - 1, places: pending.places, pending: null };
  }

  close(): void {
    for (const file of this.#files.splice(0)) if (file !== undefined) closeSync(file);
  }

  #write(saved: Saved): void {
    this.#saved = saved;
    const slot = ++this.#turn % 2 === 0 ? 0 : 1;
    try {
      this.#files[slot] ??= openSync(this.#paths[slot], constants.O_WRONLY | constants.O_CREAT, 0o600);
      const text = Buffer.from(JSON.stringify(saved));
      const bytes = Buffer.concat([Buffer.from(`${this.#turn} ${text.length} ${crc32(text)}\n`), text]);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#files[slot], bytes, at, bytes.length - at, at);
    } catch {
      // A full disk: the log goes on, and only a runner killed now would repeat some of it.
    }
  }
}

function read(path: string): { readonly turn: number; readonly saved: Saved } | null {
  try {
    const bytes = readFileSync(path);
    const head = bytes.indexOf(10);
    const [turn = 0, length = 0, sum = 0] = bytes.toString("latin1", 0, head).split(" ").map(Number);
    const text = bytes.subarray(head + 1, head + 1 + length);
    return text.length === length && crc32(text) === sum ? { turn, saved: JSON.parse(text.toString("utf8")) as Saved } : null;
  } catch {
    return null;
  }
}
