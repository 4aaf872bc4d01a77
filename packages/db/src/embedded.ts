import { mkdir, readFile, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { accountFor } from "./embedded/account.ts";
import { type Binaries, findBinaries } from "./embedded/binaries.ts";
import { ensureCluster, passwordIn } from "./embedded/cluster.ts";
import { stopLeftover } from "./embedded/leftover.ts";
import { own, ownerOf } from "./embedded/owner.ts";
import { startServer } from "./embedded/server.ts";

export interface EmbeddedOptions {
  /** The database lies in `<dataDir>/postgres`. */
  readonly dataDir: string;
  /** False only in tests: faster, and lost when the machine crashes. */
  readonly durable?: boolean;
  /** Said before every step that may take longer than a second. */
  readonly onProgress?: (step: string) => void;
  readonly binaries?: Binaries;
  /** Where programs and data go when root may not make user namespaces; nobody must reach it. */
  readonly sharedDir?: string;
  readonly rootRunsAs?: "auto" | "setpriv";
}

export interface EmbeddedPostgres {
  /** With the password in it: never print it. */
  readonly url: string;
  readonly tcpUrl: string;
  readonly pid: number;
  /** A database of an earlier start, killed without a goodbye, was stopped first. */
  readonly stoppedLeftover: boolean;
  /** Resolves when the server ends, for whatever reason. */
  readonly exited: Promise<void>;
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. Resolves when it has ended. */
  stop(): Promise<void>;
}

/** Starts the PostgreSQL that comes with Takosumi, as root or as anybody. Throws EmbeddedError with what to do about it. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { durable = true, onProgress = () => {}, sharedDir = "/var/lib/takosumi" } = options;
  await mkdir(join(options.dataDir, "postgres"), { recursive: true, mode: 0o700 });
  const home = await realpath(join(options.dataDir, "postgres"));
  const binaries = options.binaries ?? (await findBinaries());
  const owned = await own(home);
  try {
    const account = await accountFor(binaries, home, sharedDir, options.rootRunsAs);
    const password = await passwordIn(home);
    onProgress("Preparing the database");
    const { data } = await ensureCluster(account, password, durable);
    const { stopped } = await stopLeftover(data);
    onProgress("Starting the database");
    const { child, exited, url, tcpUrl } = await startServer(account, home, password, durable);
    const stop = async () => {
      child.kill("SIGINT");
      const clock = new AbortController();
      const late = pause(30_000, undefined, { signal: clock.signal }).then(
        () => child.kill("SIGQUIT"),
        () => {},
      );
      await Promise.race([exited, late]);
      clock.abort();
      await exited;
      await owned.release();
    };
    return { url, tcpUrl, pid: child.pid as number, stoppedLeftover: stopped, exited, stop };
  } catch (error) {
    await owned.release();
    throw error;
  }
}

/** Removes the data directory of a process that was killed, and its database if that still serves. False where its owner lives or is not known. */
export async function removeAbandoned(dataDir: string): Promise<boolean> {
  const home = await realpath(join(dataDir, "postgres")).catch(() => null);
  const owner = home && (await ownerOf(home));
  if (!owner || owner.alive) return false;
  const place = await readFile(join(home, "moved-to"), "utf8").catch(() => home);
  await stopLeftover(join(place, "data"));
  await rm(place, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
  return true;
}
