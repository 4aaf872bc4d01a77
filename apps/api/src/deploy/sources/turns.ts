import { ApiError } from "@takosumi/contracts/errors";

/** So many at once, and so many more that wait: what comes beyond that is told to come back. */
export class Turns {
  readonly #atOnce: number;
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(atOnce: number, waiting: number) {
    this.#atOnce = atOnce;
    this.#most = waiting;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy >= this.#atOnce) {
      if (this.#waiting.length >= this.#most)
        throw new ApiError("UNAVAILABLE", "Too many archives are being read now: send it again in a moment", {
          reason: "busy",
          retry_after_ms: 2_000,
        });
      // Whoever ends hands its place over: nobody who comes later takes it.
      await new Promise<void>((turn) => this.#waiting.push(turn));
    } else this.#busy++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#busy--;
    }
  }
}
