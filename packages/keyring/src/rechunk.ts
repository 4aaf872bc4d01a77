/** Cuts any sequence of buffers into pieces of one length. A piece leaves only when more bytes follow, so that the last is known. */
export class Rechunk {
  readonly #piece: Buffer;
  #used = 0;

  constructor(length: number) {
    this.#piece = Buffer.allocUnsafe(length);
  }

  /** Calls `full` for each whole piece; the buffer it gets is valid only during the call. */
  write(bytes: Uint8Array, full: (piece: Buffer) => void): void {
    let from = 0;
    while (from < bytes.length) {
      if (this.#used === this.#piece.length) {
        full(this.#piece);
        this.#used = 0;
      }
      const take = Math.min(this.#piece.length - this.#used, bytes.length - from);
      this.#piece.set(bytes.subarray(from, from + take), this.#used);
      this.#used += take;
      from += take;
    }
  }

  /** The last piece: empty only where nothing was written. */
  rest(): Buffer {
    return this.#piece.subarray(0, this.#used);
  }
}
