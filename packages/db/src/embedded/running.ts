import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";

/** URL of the embedded database of a data directory that is running now; null where none is. Holds the password: never print it. */
export async function runningUrl(dataDir: string): Promise<string | null> {
  try {
    const home = await realpath(join(dataDir, "postgres"));
    const place = await readFile(join(home, "moved-to"), "utf8").catch(() => home);
    const [password, pidFile] = await Promise.all([
      readFile(join(home, "password"), "utf8"),
      readFile(join(place, "data", "postmaster.pid"), "utf8"),
    ]);
    // Lines of postmaster.pid: pid, data directory, start time, port.
    const port = pidFile.split("\n")[3]?.trim();
    return port ? `postgresql://takosumi:${password.trim()}@127.0.0.1:${port}/takosumi` : null;
  } catch {
    return null;
  }
}
