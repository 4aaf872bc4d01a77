import type { ServerResponse } from "node:http";

/** Ends what is still going on when the server closes. */
export class Lifetimes {
  readonly #open = new Set<AbortController>();
  #closing = false;

  /** Makes the signal of one request: aborted when its client goes away before the answer is out, or when the server closes. */
  of(response: ServerResponse): () => AbortSignal {
    let controller: AbortController | undefined;
    return () => {
      if (controller) return controller.signal;
      const made = new AbortController();
      controller = made;
      if (this.#closing || response.closed) made.abort();
      else {
        this.#open.add(made);
        response.once("close", () => {
          this.#open.delete(made);
          if (!response.writableFinished) made.abort();
        });
      }
      return made.signal;
    };
  }

  /** The same for a request whose end somebody else watches. */
  within(signal: AbortSignal | undefined): AbortSignal {
    const made = new AbortController();
    if (this.#closing || signal?.aborted) made.abort();
    else {
      this.#open.add(made);
      signal?.addEventListener("abort", () => (this.#open.delete(made), made.abort()), { once: true });
    }
    return made.signal;
  }

  close(): void {
    this.#closing = true;
    for (const controller of this.#open) controller.abort();
    this.#open.clear();
  }
}
