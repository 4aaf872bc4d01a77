import { ApiError, type ErrorCode } from "@takosumi/contracts/errors";
import type { InputOf, OutputOf } from "@takosumi/contracts/infer";
import type { Outcome } from "@takosumi/contracts/runner/outcome";
import { runnerProtocol } from "@takosumi/contracts/runner/protocol";
import type { Client, Patience } from "./client.ts";

const { operations } = runnerProtocol;
type Input<K extends keyof typeof operations> = Omit<InputOf<(typeof operations)[K]>, "id" | "runner_id" | "epoch">;
type Output<K extends keyof typeof operations> = OutputOf<(typeof operations)[K]>;
/** JSON texts of events, with the sequence of the first. */
type Batch = { readonly first: number; readonly events: readonly string[] };
export type Carried = NonNullable<Input<"complete">["artifacts"]>[number];

/** The api said that this lease is over: someone else has the Run, or it ended. Nothing of it counts any more. */
export class LeaseLost extends Error {
  constructor(message: string) {
    super(message);
    this.name = "LeaseLost";
  }
}

/** The calls of one lease. Every one carries runner and epoch; a refusal of those is LeaseLost. */
export class LeasedCalls {
  readonly runId: string;
  readonly epoch: number;
  readonly #client: Client;
  readonly #runner: string;
  readonly #patience: Patience;
  readonly #beforehand: Patience;
  readonly #lost: (error: LeaseLost) => void;
  #known = false;

  /**
   * `patience`: of what tells how a Run goes on, which nothing but a lost lease ends. `beforehand`: of what is asked before a tool is
   * started, which nobody waits for once the Run is to stop.
   */
  constructor(
    client: Client,
    runner: string,
    run: { run_id: string; epoch: number },
    { patience, beforehand }: { readonly patience: Patience; readonly beforehand: Patience },
    lost: (error: LeaseLost) => void,
  ) {
    this.#client = client;
    this.#runner = runner;
    this.runId = run.run_id;
    this.epoch = run.epoch;
    this.#patience = patience;
    this.#beforehand = beforehand;
    this.#lost = lost;
  }

  /** The api knows that this lease arrived: it takes an apply of which it knows nothing for one that was never begun. */
  async known(): Promise<void> {
    if (!this.#known) await this.renew(0, this.#beforehand);
  }

  /** Answers as soon as the Run is to be cancelled, else after `waitSeconds`. */
  async renew(waitSeconds: number, patience: Patience): Promise<Output<"renew">> {
    const answer = await this.#kept(this.#client.call(operations.renew, { ...this.#leased(), wait_seconds: waitSeconds }, patience));
    this.#known = true;
    return answer;
  }

  /** `events` are JSON texts, already redacted and within the limits of a batch. */
  events(first: number, events: readonly string[]): Promise<Output<"events">> {
    const head = JSON.stringify({ ...this.#body(), first }).slice(0, -1);
    return this.#kept(this.#client.callEncoded(operations.events, this.runId, `${head},"events":[${events.join(",")}]}`, this.#patience));
  }

  resolve(input: Input<"resolve">): Promise<Output<"resolve">> {
    return this.#kept(this.#client.call(operations.resolve, { ...this.#leased(), ...input }, this.#beforehand));
  }

  credentials(phase: "plan" | "apply"): Promise<Output<"credentials">> {
    return this.#kept(this.#client.call(operations.credentials, { ...this.#leased(), phase }, this.#beforehand));
  }

  async input<T>(kind: Input<"input">["kind"], take: (bytes: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T> {
    const answer = await this.#kept(this.#client.download(operations.input, { ...this.#leased(), kind }, take, this.#beforehand), [
      "CONFLICT",
    ]);
    // Whoever was given the plan is known to have it.
    this.#known ||= kind === "plan";
    return answer;
  }

  source(commit: string, stored?: NonNullable<Input<"source">["stored"]>): Promise<Output<"source">> {
    return this.#kept(this.#client.call(operations.source, { ...this.#leased(), commit, ...(stored && { stored }) }, this.#beforehand), [
      "CONFLICT",
      "NOT_FOUND",
    ]);
  }

  artifact(
    kind: Input<"artifact">["kind"],
    bytes: { digest: string; size: number; body: Buffer | (() => AsyncIterable<Uint8Array>) },
  ): Promise<Output<"artifact">> {
    const input = { ...this.#leased(), kind, digest: bytes.digest };
    return this.#kept(this.#client.upload(operations.artifact, input, bytes.body, bytes.size, this.#patience));
  }

  /** `last`: the events that have not been sent yet. */
  async complete(lastSequence: number, outcome: Outcome, last: Batch | null, artifacts: readonly Carried[]): Promise<Output<"complete">> {
    const head = JSON.stringify({ ...this.#body(), last_sequence: lastSequence, artifacts, outcome }).slice(0, -1);
    const events = last ? `,"events":{"first":${last.first},"events":[${last.events.join(",")}]}` : "";
    return this.#kept(this.#client.callEncoded(operations.complete, this.runId, `${head}${events}}`, this.#patience));
  }

  #body(): { runner_id: string; epoch: number } {
    return { runner_id: this.#runner, epoch: this.epoch };
  }

  #leased(): { id: string; runner_id: string; epoch: number } {
    return { id: this.runId, ...this.#body() };
  }

  /** A missing input is a missing blob, not a missing lease. */
  async #kept<T>(call: Promise<T>, over: readonly ErrorCode[] = ["CONFLICT", "NOT_FOUND", "GONE"]): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (!(error instanceof ApiError) || !over.includes(error.code)) throw error;
      const lost = new LeaseLost(error.message);
      this.#lost(lost);
      throw lost;
    }
  }
}
