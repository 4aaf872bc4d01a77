/** Runners that were told to come later do so after 5 s, give or take. */
const leastSeconds = 8;

/**
 * Since when runners could be heard here without a break, by the database's clock. While api or database are away, or the clock was set
 * forward, every lease grows old though its runner lives: nobody is given up before they had the time to come back.
 */
export class Hearing {
  readonly #neededMs: number;
  readonly #breakMs: number;
  #since: number | null = null;
  #last = 0;

  /** `sweepSeconds`: how often `heard` is called; `graceSeconds`: how long a runner is waited for. */
  constructor({ sweepSeconds, graceSeconds }: { readonly sweepSeconds: number; readonly graceSeconds: number }) {
    this.#neededMs = Math.max(graceSeconds, leastSeconds) * 1000;
    this.#breakMs = (sweepSeconds + leastSeconds / 2) * 1000;
  }

  /** The database answered. True once it did so for long enough that a runner that is still silent is gone. */
  heard(now: Date): boolean {
    const at = now.getTime();
    if (this.#since === null || at - this.#last > this.#breakMs || at < this.#last) this.#since = at;
    this.#last = at;
    return at - this.#since >= this.#neededMs;
  }

  lost(): void {
    this.#since = null;
  }
}
