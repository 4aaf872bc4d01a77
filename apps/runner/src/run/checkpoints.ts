import { watch } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stateFile } from "@takosumi/contracts/deploy/state-file";
import { readProduced } from "@takosumi/opentofu/produced";
import { digestOf } from "../cache/bytes.ts";
import type { Job } from "./job.ts";
import { ownFolder } from "./journal.ts";

export const STATE_BYTES = 256 * 1024 * 1024;
/** An apply that ends within it sends its state once, with its end. */
const SETTLE_MS = 250;
const EVERY_MS = 1_000;

/** A state that is whole and ours. */
export type GoodState = { readonly bytes: Buffer; readonly digest: string; readonly serial: number };

/** Reads a state file of the Run; null where it is missing, torn, another's, or older than `least`. */
export async function goodState(path: string, base: { lineage: string; serial: number }): Promise<GoodState | null> {
  const bytes = await readProduced(path, STATE_BYTES).catch(() => null);
  return bytes && goodBytes(bytes, base);
}

/** Rule 2: both tools truncate and then write in place, so most reads during a write are torn. Whole, ours, and not older is good. */
export function goodBytes(bytes: Buffer, base: { lineage: string; serial: number }): GoodState | null {
  const file = stateFile(bytes);
  return file?.lineage === base.lineage && file.serial >= base.serial ? { bytes, digest: digestOf(bytes), serial: file.serial } : null;
}

/**
 * Keeps the last good state of an apply, here and at the api, while the tool rewrites its file in place: most reads during a write are
 * torn, so only whole states count and none is ever replaced by less. At most one a second.
 */
export class Checkpoints {
  readonly #job: Job;
  readonly #path: string;
  readonly #kept: string;
  #last: GoodState | null = null;
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  #stop: () => void = () => undefined;

  constructor(job: Job) {
    this.#job = job;
    this.#path = join(job.dir.io, "state.tfstate");
    this.#kept = join(ownFolder(job.dir.root), "checkpoint");
  }

  /** The last one, of this process or of the one before it. */
  async last(): Promise<GoodState | null> {
    return this.#last ?? goodState(this.#kept, this.#job.lease.base);
  }

  start(): void {
    const watcher = watch(this.#job.dir.io, (_, name) => {
      if (name === null || name === "state.tfstate") this.#soon();
    }).on("error", () => undefined);
    this.#stop = () => watcher.close();
    this.#soon();
  }

  /** Reads once more, at once: before the tool is killed, or after it ended. */
  now(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#work = this.#work.then(() => this.#take());
    return this.#work;
  }

  async close(): Promise<void> {
    this.#stop();
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#work;
  }

  #soon(): void {
    if (this.#timer) return;
    const pause = Math.max(SETTLE_MS, this.#readAt + EVERY_MS - performance.now());
    this.#timer = setTimeout(() => void this.now(), pause);
  }

  async #take(): Promise<void> {
    this.#readAt = performance.now();
    const { base } = this.#job.lease;
    const found = await goodState(this.#path, base);
    if (!found || found.digest === this.#last?.digest || found.digest === base.digest || found.serial < (this.#last?.serial ?? 0)) return;
    this.#last = found;
    await writeFile(`${this.#kept}.new`, found.bytes, { mode: 0o600 });
    await rename(`${this.#kept}.new`, this.#kept);
    // Not waited for by the next read: an api that is away costs the newest checkpoint there, never one here.
    this.#send(found).catch((error: unknown) => this.#job.log.warn({ problem: String(error) }, "checkpoint not stored"));
  }

  #sending: Promise<void> | null = null;
  async #send(state: GoodState): Promise<void> {
    if (this.#sending) return this.#sending;
    const send = async (): Promise<void> => {
      for (let next: GoodState | null = state; next; next = this.#last?.digest === next.digest ? null : this.#last)
        await this.#job.calls.artifact("checkpoint", { digest: next.digest, size: next.bytes.length, body: next.bytes });
    };
    this.#sending = send().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }
}
