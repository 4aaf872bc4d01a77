import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { type Fact, factOf, keepAs } from "./bytes.ts";

type Fetch = (take: (bytes: AsyncIterable<Uint8Array>) => Promise<void>) => Promise<void>;

/** Source snapshots on this runner's disk by digest, the longest unused gone first. A source may hold secrets: 0700, 0600. */
export class SourceCache {
  readonly #dir: string;
  readonly #most: number;
  readonly #running = new Map<string, Promise<string>>();

  constructor(dir: string, mostBytes: number) {
    this.#dir = dir;
    this.#most = mostBytes;
  }

  /** The path of a snapshot, fetched where it is not there. Two Runs of one source fetch it once. */
  async take(fact: Fact, fetch: Fetch): Promise<string> {
    const running = this.#running.get(fact.digest);
    // That Run may have been told to stop: who waited for it then fetches by itself.
    if (running) return running.catch(() => this.take(fact, fetch));
    const taken = this.#take(fact, fetch).finally(() => this.#running.delete(fact.digest));
    this.#running.set(fact.digest, taken);
    return taken;
  }

  async #take(fact: Fact, fetch: Fetch): Promise<string> {
    const path = join(this.#dir, fact.digest.replace(":", "-"));
    const kept = await factOf(path).catch(() => null);
    if (kept?.digest === fact.digest) {
      await utimes(path, new Date(), new Date());
      return path;
    }
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await fetch((bytes) => keepAs(path, fact, bytes));
    await this.#trim(path);
    return path;
  }

  /** Removes the longest unused until the rest fits; never the one just taken. */
  async #trim(keep: string): Promise<void> {
    const names = await readdir(this.#dir);
    const found = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#dir, name);
        const info = await stat(path).catch(() => null);
        return info && { path, size: info.size, used: info.mtimeMs };
      }),
    );
    const files = found.filter((file) => file !== null).sort((a, b) => b.used - a.used);
    let total = 0;
    for (const file of files) {
      total += file.size;
      if (total > this.#most && file.path !== keep) await rm(file.path, { force: true });
    }
  }
}
