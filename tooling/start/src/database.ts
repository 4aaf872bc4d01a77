import { setTimeout as pause } from "node:timers/promises";
import { type EmbeddedPostgres, startEmbedded } from "@takosumi/db/embedded";
import { migrate } from "@takosumi/db/migrate";
import { Problem, type Say } from "@takosumi/start/lines";

export interface Database {
  /** Holds the password. Changes when an embedded database had to be started again. */
  url(): string;
  /** For the console: never holds the password. */
  readonly text: string;
  readonly migrations: { readonly applied: number; readonly total: number };
  stop(): Promise<void>;
}

const mostMs = 30_000;

/** Reaches the database that the settings name, or starts the embedded one, and brings it up to date. Throws a Problem. */
export async function openDatabase(
  given: { readonly databaseUrl: string | null; readonly dataDir: string },
  { say, warn, restarted }: { say: Say; warn: (line: string) => void; restarted: () => void },
): Promise<Database> {
  if (given.databaseUrl !== null) {
    const url = given.databaseUrl;
    const where = placeOf(url);
    say(`connecting to ${where}`);
    return { url: () => url, text: `PostgreSQL at ${where}`, migrations: await migrated(url), stop: async () => {} };
  }
  const start = (onProgress: Say) => startEmbedded({ dataDir: given.dataDir, onProgress: (step) => onProgress(step.toLowerCase()) });
  const first = await start(say).catch((cause: Error) => {
    throw new Problem(cause.message);
  });
  let migrations: Database["migrations"];
  try {
    migrations = await migrated(first.url);
  } catch (error) {
    await first.stop();
    throw error;
  }
  return { ...keepUp(first, () => start(() => {}), warn, restarted), text: "PostgreSQL, embedded", migrations };
}

/** Where a database is, without its user and password: a URL of a socket has no host, which only libpq's own grammar allows. */
export function placeOf(url: string): string {
  const [, host = "", path = ""] = /^postgres(?:ql)?:\/\/(?:[^@/]*@)?([^/?]*)(\/[^?]*)?/.exec(url) ?? [];
  return `${host || "a local socket"}${path}`;
}

async function migrated(url: string): Promise<Database["migrations"]> {
  try {
    return await migrate(url);
  } catch (error) {
    const { name, message } = error as Error;
    if (name === "MigrationError") throw new Problem(message);
    throw new Problem(`the database does not answer: ${message}`, "check DATABASE_URL, or unset it for an embedded database");
  }
}

/** Starts the embedded database again whenever it ends. Its address changes then: `restarted` tells those who use it. */
function keepUp(first: EmbeddedPostgres, start: () => Promise<EmbeddedPostgres>, warn: (line: string) => void, restarted: () => void) {
  const stopping = new AbortController();
  let current = first;
  const loop = async () => {
    while (!stopping.signal.aborted) {
      await current.exited;
      // Gives the data directory back, so that the next one can take it.
      await current.stop();
      for (let waitMs = 500; !stopping.signal.aborted; waitMs = Math.min(waitMs * 2, mostMs)) {
        warn(`database ended; starting it again in ${waitMs / 1000} s`);
        await pause(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
        if (stopping.signal.aborted) return;
        const next = await start().catch((error: Error) => warn(`database: ${error.message}`));
        if (!next) continue;
        current = next;
        restarted();
        break;
      }
    }
  };
  const looping = loop();
  return {
    url: () => current.url,
    async stop() {
      stopping.abort();
      await current.stop();
      await looping;
    },
  };
}
