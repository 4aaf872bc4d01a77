import { ApiError } from "@takosumi/contracts/errors";
import type { Principal } from "@takosumi/transport/application";

/** How much somebody may still do: the X-RateLimit-* headers. */
export interface Rate {
  readonly limit: number;
  readonly remaining: number;
  /** Until the limit is whole again. */
  readonly seconds: number;
}
interface Bucket {
  tokens: number;
  at: number;
}
/** Callers remembered at once. One that was forgotten begins with a full bucket again. */
const remembered = 20_000;

/** A token bucket a caller: a minute's worth at once, then as many as flow in. */
export class Buckets {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #capacity: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perMinute: number, now: () => number = () => performance.now(), capacity: number = remembered) {
    this.#perMinute = perMinute;
    this.#now = now;
    this.#capacity = capacity;
  }

  /** 0 where one more is admitted; otherwise the milliseconds until one is. */
  take(caller: string): number {
    const now = this.#now();
    const bucket = this.#buckets.get(caller) ?? { tokens: this.#perMinute, at: now };
    const tokens = Math.min(this.#perMinute, bucket.tokens + ((now - bucket.at) * this.#perMinute) / 60_000);
    bucket.tokens = tokens >= 1 ? tokens - 1 : tokens;
    bucket.at = now;
    // Set again, so that the first entry is the one not heard of for the longest time.
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (this.#buckets.size > this.#capacity) for (const oldest of this.#buckets.keys()) return this.#forget(oldest, tokens);
    return this.#waitOf(tokens);
  }

  /** What is left of a caller's minute, and the seconds until all of it is back. */
  left(caller: string): Rate {
    const tokens = Math.max(0, Math.floor(this.#buckets.get(caller)?.tokens ?? this.#perMinute));
    return { limit: this.#perMinute, remaining: tokens, seconds: Math.ceil(((this.#perMinute - tokens) * 60) / this.#perMinute) };
  }

  #forget(oldest: string, tokens: number): number {
    this.#buckets.delete(oldest);
    return this.#waitOf(tokens);
  }

  #waitOf(tokens: number): number {
    return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 60_000) / this.#perMinute);
  }
}

export interface Admission {
  /** Null: nobody counts. */
  admit(who: Principal | null, address: string, operation: string): Rate | null;
  /** Counts a credential that is not valid against its address; throws instead of RATE_LIMITED where there were too many. */
  failed(address: string): void;
}

/** Limits hold in each process: N replicas let N times as much through, which protects them just as well. */
export function openAdmission(limits: { readonly principal: number; readonly address: number }, now?: () => number): Admission {
  const principals = new Buckets(limits.principal, now);
  const addresses = new Buckets(limits.address, now);
  const check = (wait: number, of: string) => {
    if (wait === 0) return;
    throw new ApiError("RATE_LIMITED", `Too many requests ${of}: wait ${Math.ceil(wait / 1_000)} s`, {
      reason: "requests",
      retry_after_ms: wait,
    });
  };
  return {
    admit(who, address, operation) {
      // Probes come from one address however many there are, and a runner is paced by its leases.
      if (operation.startsWith("health.") || who?.kind === "runner") return null;
      if (who) check(principals.take(who.id), "by this caller");
      else check(addresses.take(address), "from this address without signing in");
      return who ? principals.left(who.id) : addresses.left(address);
    },
    failed: (address) => check(addresses.take(address), "with wrong credentials from this address"),
  };
}
