import { minPattern } from "./patterns.ts";

/** A place is judged by the last three units of as many as the shortest pattern has: six. */
const window = minPattern;
const block = 3;
const bits = 17;

/** A number for three units. Different ones may share it, which only makes a skip shorter. */
const blockOf = (a: number, b: number, c: number): number =>
  (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35)) >>> (32 - bits);

/** Says how far the next place is at which a pattern may begin (Wu-Manber): most of a text is passed over in steps of four. */
export class Skip {
  readonly #steps = new Uint8Array(1 << bits).fill(window - block + 1);

  constructor(patterns: Iterable<string>) {
    for (const pattern of patterns) {
      for (let offset = 0; offset <= window - block; offset += 1) {
        const at = blockOf(pattern.charCodeAt(offset), pattern.charCodeAt(offset + 1), pattern.charCodeAt(offset + 2));
        this.#steps[at] = Math.min(this.#steps[at] as number, window - block - offset);
      }
    }
  }

  /** The first place from `at` on where a pattern may begin, or the first that is less than a window before `end`. */
  next(text: string, at: number, end: number): number {
    const steps = this.#steps;
    let place = at;
    while (place + window <= end) {
      const step = steps[blockOf(text.charCodeAt(place + 3), text.charCodeAt(place + 4), text.charCodeAt(place + 5))] as number;
      if (step === 0) return place;
      place += step;
    }
    return place;
  }
}
