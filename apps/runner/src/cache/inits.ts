import type { Installed } from "@takosumi/opentofu/installed";
import { Recent } from "./recent.ts";

const MOST = 64;
/** A source without a lock file means the newest providers: what is newest is looked at again so often. */
const FRESH_MS = 3_600_000;

/**
 * What inits of this process installed, by everything that they depend on. In memory, so that nothing on a disk can change it; the
 * providers themselves are held to the lock file by the tool.
 */
export class Inits {
  readonly #kept = new Recent<{ readonly installed: Installed; readonly at: number }>(MOST);

  get(key: string): Installed | null {
    const kept = this.#kept.get(key);
    if (kept && performance.now() - kept.at < FRESH_MS) return kept.installed;
    this.#kept.delete(key);
    return null;
  }

  set(key: string, installed: Installed): void {
    this.#kept.set(key, { installed, at: performance.now() });
  }

  drop(key: string): void {
    this.#kept.delete(key);
  }
}
