import { carriedLimit } from "@takosumi/contracts/runner/protocol";
import type { Carried, LeasedCalls } from "../wire/leased.ts";

type Artifact = { readonly digest: string; readonly size: number; readonly body: Buffer | (() => AsyncIterable<Uint8Array>) };

/** Artifacts of one Run on their way: small ones wait for the call that ends it, and cost none of their own. */
export class Carriage {
  readonly #calls: Pick<LeasedCalls, "artifact">;
  readonly #kept: Carried[] = [];
  #room = carriedLimit;

  constructor(calls: Pick<LeasedCalls, "artifact">) {
    this.#calls = calls;
  }

  get all(): readonly Carried[] {
    return this.#kept;
  }

  /** Sends an artifact, or keeps it for the end. */
  async take(kind: Carried["kind"], { digest, size, body }: Artifact): Promise<void> {
    if (size > this.#room || typeof body === "function") {
      await this.#calls.artifact(kind, { digest, size, body });
      return;
    }
    this.#room -= size;
    this.#kept.push({ kind, digest, base64: body.toString("base64") });
  }
}
