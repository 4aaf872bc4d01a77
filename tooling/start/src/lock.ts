import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "@takosumi/start/lines";
import { identify, isAlive, parseIdentity } from "./process-identity.ts";

const attempts = 10;

/**
 * Takes a data directory for this process; the answer gives it back. Throws a Problem where a living launcher has it. The lock of one
 * that was killed does not count: it is moved aside before it is looked at, so that two that find it do not both take it.
 */
export function lockDataDir(dataDir: string): () => void {
  const lock = join(dataDir, "launcher.pid");
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, JSON.stringify(identify(process.pid)), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (linked(own, lock)) return () => rmSync(lock, { force: true });
      const aside = `${lock}.${process.pid}.aside`;
      if (!moved(lock, aside)) continue;
      const holder = parseIdentity(readFileSync(aside, "utf8"));
      const alive = holder !== null && isAlive(holder);
      if (alive) linked(aside, lock);
      rmSync(aside, { force: true });
      if (alive)
        throw new Problem(
          `Takosumi runs already on ${dataDir} (process ${holder.pid})`,
          `stop it, or TAKOSUMI_DATA_DIR=<another> PORT=<another> npm start`,
        );
    }
    throw new Problem(`${lock} is taken by others again and again`, "start one Takosumi at a time");
  } finally {
    rmSync(own, { force: true });
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
