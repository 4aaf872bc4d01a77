import { ApiError } from "@takosumi/contracts/errors";
import type { Ready } from "./execute.ts";

export interface Follower {
  readonly operation: string;
  readonly principal_id: string | null;
  readonly token_id: string | null;
  readonly workspace_id: string | null;
}
interface Open extends Follower {
  readonly controller: AbortController;
}
/** One open stream: `signal` ends it, `close` is called once it has ended. */
export interface Stream {
  readonly signal: AbortSignal;
  close(): void;
}

const longestTimer = 2 ** 31 - 1;
/** Of one process: each costs a socket and its buffers. */
const mostOpen = 10_000;
/** A stream may be opening while its reader's access ends. One that begins so soon after ends as well: who still may follow comes back. */
const openingMs = 500;

/** Every open stream of this process: so that one principal holds no more than its share, and a removed member none at all. */
export class Streams {
  readonly #open = new Set<Open>();
  readonly #held = new Map<string, number>();
  readonly #each: number;
  readonly #ended = new Set<(follower: Follower) => boolean>();
  #closing = false;

  constructor(eachPrincipal: number) {
    this.#each = eachPrincipal;
  }

  get size(): number {
    return this.#open.size;
  }

  open({ context }: Ready): Stream {
    const { operation, principal, address, workspace_id } = context;
    const holder = principal?.id ?? address;
    const held = this.#held.get(holder) ?? 0;
    if (this.#closing)
      throw new ApiError("UNAVAILABLE", "The server is stopping: connect again", { reason: "stopping", retry_after_ms: 1_000 });
    if (held >= this.#each) {
      throw new ApiError("RATE_LIMITED", `You have ${held} streams open, as many as one may: close one`, {
        reason: "streams",
        retry_after_ms: 5_000,
      });
    }
    const follower = { operation, principal_id: principal?.id ?? null, token_id: principal?.token_id ?? null, workspace_id };
    if (this.#open.size >= mostOpen)
      throw new ApiError("UNAVAILABLE", "Streams cannot be opened at the moment: connect again", { reason: "busy", retry_after_ms: 1_000 });
    const controller = new AbortController();
    const open = { ...follower, controller };
    this.#open.add(open);
    this.#held.set(holder, held + 1);
    const lasts = principal?.expires_at ? Math.max(principal.expires_at.getTime() - Date.now(), 0) : longestTimer;
    // A credential that lasts longer than a timer can wait: by then the client has long come back.
    const longest = [...this.#ended].some((matches) => matches(follower)) ? openingMs : longestTimer;
    const timer = setTimeout(() => controller.abort(), Math.min(lasts, longest)).unref();
    const close = () => {
      if (!this.#open.delete(open)) return;
      clearTimeout(timer);
      const left = (this.#held.get(holder) ?? 1) - 1;
      if (left > 0) this.#held.set(holder, left);
      else this.#held.delete(holder);
      controller.abort();
    };
    return { signal: controller.signal, close };
  }

  /** Ends the streams that match, also those that are just being opened; the number of them. */
  end(matches: (follower: Follower) => boolean): number {
    this.#ended.add(matches);
    setTimeout(() => this.#ended.delete(matches), openingMs).unref();
    const ended = [...this.#open].filter(matches);
    for (const { controller } of ended) controller.abort();
    return ended.length;
  }

  /** Ends all, and lets no new one in. */
  close(): void {
    this.#closing = true;
    this.end(() => true);
  }
}
