import { LeaseLost } from "../wire/leased.ts";

/** Why a Run must end before its tool is done. */
export type StopKind = "cancelled" | "timeout" | "runner_stopped" | "output_limit" | "cpu_limit" | "disk_limit" | "lease_lost";
export class Stop extends Error {
  readonly kind: StopKind;
  constructor(kind: StopKind, message: string) {
    super(message);
    this.name = "Stop";
    this.kind = kind;
  }
}

/** Where everybody who works for one Run hears that it must end. The first reason stands; a lost lease also cuts every call. */
export class RunControl {
  readonly #stop = new AbortController();
  readonly #lost = new AbortController();
  readonly #hurry = new AbortController();
  readonly #deadline: NodeJS.Timeout;

  constructor(leftMs: number) {
    // setTimeout counts 31 bits of milliseconds; nothing runs for 24 days.
    const wait = Math.min(leftMs, 2 ** 31 - 1);
    this.#deadline = setTimeout(
      () => this.stop("timeout", "The Run took longer than its policy allows. Make it do less, or raise policy.timeout."),
      wait,
    );
  }

  /** Aborts with a Stop when the Run must end. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborts with LeaseLost: nothing may be sent any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Aborts when the runner itself stops: what is being ended has less time. */
  get hurried(): AbortSignal {
    return this.#hurry.signal;
  }

  get reason(): Stop | null {
    return this.#stop.signal.aborted ? (this.#stop.signal.reason as Stop) : null;
  }

  stop(kind: StopKind, message: string): void {
    if (kind === "runner_stopped") this.#hurry.abort();
    if (!this.#stop.signal.aborted) this.#stop.abort(new Stop(kind, message));
  }

  lose(error: LeaseLost = new LeaseLost("The lease is over")): void {
    this.stop("lease_lost", error.message);
    if (!this.#lost.signal.aborted) this.#lost.abort(error);
  }

  close(): void {
    clearTimeout(this.#deadline);
  }
}
