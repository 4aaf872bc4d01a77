import { setTimeout as pause } from "node:timers/promises";
import type { AuditHead } from "@takosumi/db/audit";
import { type AnchorStore, addAnchor } from "@takosumi/db/audit-anchors";
import type { Log } from "../../logger.ts";

/** For so long somebody with access to the database alone could rewrite what was just recorded. */
const everyMs = 2_000;

/** Keeps outside the database how far each chain of the audit has come. What one process missed, the next event of that chain makes good. */
export class Anchoring {
  readonly #heads = new Map<string, AuditHead>();
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #failing = false;

  /** Hears of an event that was committed. */
  readonly note = (head: AuditHead): void => {
    if ((this.#heads.get(head.chain)?.sequence ?? 0) < head.sequence) this.#heads.set(head.chain, head);
  };

  start(store: AnchorStore, log: Log): void {
    this.#running = this.#rounds(store, log);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #rounds(store: AnchorStore, log: Log): Promise<void> {
    const { signal } = this.#stop;
    while (await pause(everyMs, true, { signal, ref: false }).catch(() => false)) await this.#flush(store, log);
    await this.#flush(store, log);
  }

  async #flush(store: AnchorStore, log: Log): Promise<void> {
    for (const head of this.#heads.values()) {
      const { chain, sequence, hash } = head;
      try {
        await addAnchor(store, chain, { sequence, hash, at: new Date().toISOString() });
        if (this.#heads.get(chain) === head) this.#heads.delete(chain);
        this.#failing = false;
      } catch (err) {
        if (!this.#failing) log.warn({ err }, "the head of an audit chain could not be kept outside the database: tried again");
        this.#failing = true;
      }
    }
  }
}
