import { createHash } from "node:crypto";
import { BlobError } from "./blob-error.ts";
import type { StoredBlob } from "./blobs.ts";

/** Digest and size of bytes as they pass, up to a limit. */
export class Measure {
  readonly #hash = createHash("sha256");
  readonly #limit: number;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(bytes: Uint8Array): void {
    this.#size += bytes.length;
    if (this.#size > this.#limit) throw tooLarge(this.#limit);
    this.#hash.update(bytes);
  }

  /** Once, after the last byte. */
  done(): StoredBlob {
    return { digest: `sha256:${this.#hash.digest("hex")}`, size_bytes: this.#size };
  }
}

export const tooLarge = (limit: number): BlobError => new BlobError("too_large", `The bytes are more than the ${limit} allowed here`);
export const corrupt = (): BlobError => new BlobError("corrupt", "A stored blob is damaged: its bytes are not those of its digest");
