import type { Place } from "./queue.ts";

export interface OutputLimits {
  /** Bytes of output that the log of a Run takes; of what is more it keeps the end of each command's. */
  readonly logBytes: number;
  /** Bytes that a Run's commands may write in all, their events too. */
  readonly allBytes: number;
}
const longestEnd = 1024 * 1024;

/** What the commands of one Run write: how much of it goes into the log as it comes. */
export class Output {
  readonly #limits: OutputLimits;
  readonly #tooMuch: () => void;
  #logged = 0;
  #written = 0;
  #full: boolean;

  /** `places`: how far a process before this one had read. `tooMuch`: told once, where the Run must end for it. */
  constructor(limits: OutputLimits, places: Readonly<Record<string, Pick<Place, "offset">>>, tooMuch: () => void) {
    this.#limits = limits;
    this.#tooMuch = tooMuch;
    for (const [name, { offset }] of Object.entries(places)) if (!name.endsWith(".events")) this.#logged += offset;
    this.#written = this.#logged;
    this.#full = this.#logged >= this.#begin;
  }

  /** Bytes of the end of a command's output that are kept. */
  get end(): number {
    return Math.min(longestEnd, Math.floor(this.#limits.logBytes / 4));
  }
  get #begin(): number {
    return this.#limits.logBytes - this.end;
  }

  /** Counts what a command wrote. */
  wrote(bytes: number): void {
    const before = this.#written;
    this.#written += bytes;
    if (before <= this.#limits.allBytes && this.#written > this.#limits.allBytes) this.#tooMuch();
  }

  /** Whether the log takes these bytes as they come; `first`: they are the first that it does not take. */
  takes(bytes: number): "yes" | "first" | "no" {
    if (this.#full) return "no";
    if (this.#logged < this.#begin) {
      this.#logged += bytes;
      return "yes";
    }
    this.#full = true;
    return "first";
  }
}
