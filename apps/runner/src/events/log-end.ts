/** The end of a text that is too long for the log, and how much of it is missing. */
export class LogEnd {
  readonly #most: number;
  readonly #pieces: Buffer[] = [];
  #held = 0;
  #missing = { bytes: 0, lines: 0 };

  /** `most`: bytes that are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  add(text: string): void {
    const piece = Buffer.from(text);
    this.#pieces.push(piece);
    this.#held += piece.length;
    while (this.#held - (this.#pieces[0]?.length ?? 0) >= this.#most) this.#drop(this.#pieces.shift() as Buffer);
  }

  /**
   * What is said of the gap, and the end from the beginning of a line: a part of one might be a part of something secret. Without a gap
   * it is simply what follows. Null where nothing came.
   */
  take(): { readonly text: string; readonly gap: boolean } | null {
    const all = Buffer.concat(this.#pieces.splice(0));
    if (all.length === 0) return null;
    const whole = this.#missing.bytes === 0 && all.length <= this.#most;
    const cut = whole ? 0 : all.indexOf(10, Math.max(all.length - this.#most, 0)) + 1 || all.length;
    this.#drop(all.subarray(0, cut));
    const { bytes, lines } = this.#missing;
    const said = whole ? "" : `(${bytes} bytes, ${lines} lines, are missing here)\n`;
    return { text: said + all.toString("utf8", cut), gap: !whole };
  }

  #drop(bytes: Buffer): void {
    this.#held -= bytes.length;
    this.#missing.bytes += bytes.length;
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) this.#missing.lines++;
  }
}
