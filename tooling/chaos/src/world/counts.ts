/** What a script counts. `none` must stay 0; `all` says how many of how many, and must be all. */
export class Counts {
  readonly #title: string;
  readonly #none = new Map<string, string[]>();
  readonly #all = new Map<string, { did: number; of: number }>();
  readonly #notes = new Map<string, number>();

  /** `none`: what must not happen, printed with a 0 where it did not. */
  constructor(title: string, none: readonly string[] = []) {
    this.#title = title;
    for (const name of none) this.#none.set(name, []);
  }

  /** Something that must not happen did. */
  wrong(name: string, what: string): void {
    this.#none.set(name, [...(this.#none.get(name) ?? []), what]);
  }

  /** One of those that must all be so. */
  all(name: string, did: boolean): void {
    const { did: before, of } = this.#all.get(name) ?? { did: 0, of: 0 };
    this.#all.set(name, { did: before + Number(did), of: of + 1 });
  }

  /** A number that is only told. */
  note(name: string, by = 1): void {
    this.#notes.set(name, (this.#notes.get(name) ?? 0) + by);
  }

  /** Everything that is not as it must be. */
  get problems(): string[] {
    const happened = [...this.#none].flatMap(([name, found]) => found.map((what) => `${name}: ${what}`));
    const missed = [...this.#all].flatMap(([name, { did, of }]) => (did === of ? [] : [`${name}: ${did} of ${of}`]));
    return [...happened, ...missed];
  }

  /** The lines of a report. */
  get lines(): string[] {
    return [
      this.#title,
      ...[...this.#none].map(([name, found]) => `  ${name}: ${found.length}`),
      ...[...this.#all].map(([name, { did, of }]) => `  ${name}: ${did} of ${of}`),
      ...[...this.#notes].map(([name, count]) => `  (${name}: ${count})`),
      ...this.problems.slice(0, 50).map((problem) => `  ! ${problem}`),
    ];
  }

  /** Prints the report; the process fails where something is wrong. */
  report(): void {
    for (const line of this.lines) console.log(line);
    if (this.problems.length > 0) process.exitCode = 1;
  }
}
