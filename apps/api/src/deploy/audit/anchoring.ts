import type { AuditHead } from "@takosumi/db/audit";
import { type AnchorStore, addAnchor } from "@takosumi/db/audit-anchors";
import { repeat } from "@takosumi/run-engine/repeat";
import type { Log } from "../../logger.ts";

/** For so long somebody with access to the database alone could rewrite what was just recorded. */
const everySeconds = 2;

/** Keeps outside the database how far each chain of the audit has come. What one process missed, the next event of that chain makes good. */
export class Anchoring {
  readonly #heads = new Map<string, AuditHead>();
  #failing = false;

  /** Hears of an event that was committed. */
  readonly note = (head: AuditHead): void => {
    if ((this.#heads.get(head.chain)?.sequence ?? 0) < head.sequence) this.#heads.set(head.chain, head);
  };

  start(store: AnchorStore, log: Log): { close(): Promise<void> } {
    const flush = () => this.#flush(store, log);
    const rounds = repeat(everySeconds, flush, (err) => log.error({ err }, "an audit chain could not be looked after"));
    return {
      close: async () => {
        await rounds.close();
        await flush();
      },
    };
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
