import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How far the files of a phase were read, by name: bytes, and what the reader must remember between lines. */
export type Places = Readonly<Record<string, { readonly offset: number; readonly memory?: string }>>;
/** A batch that was sent and may or may not have arrived. */
export type Pending = { readonly first: number; readonly events: readonly string[]; readonly places: Places };
type Saved = { readonly sequence: number; readonly places: Places; readonly pending: Pending | null };

/**
 * What the log of a Run holds already, kept in a 0600 file that the payload cannot reach: a runner that is killed in the middle of a
 * batch sends that very batch again, and the api knows by its first sequence whether it had it.
 */
export class Cursor {
  readonly #path: string;
  #saved: Saved;

  /** `arrived`: the last sequence that the api holds, from the lease. */
  constructor(dir: string, arrived: number) {
    this.#path = join(dir, "cursor.json");
    const saved = read(this.#path) ?? { sequence: arrived, places: {}, pending: null };
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

  #write(saved: Saved): void {
    this.#saved = saved;
    try {
      writeFileSync(`${this.#path}.new`, JSON.stringify(saved), { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch {
      // A full disk: the log goes on, and only a runner killed now would repeat some of it.
    }
  }
}

function read(path: string): Saved | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Saved;
  } catch {
    return null;
  }
}
