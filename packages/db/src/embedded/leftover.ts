import { readdir, readFile, readlink, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { EmbeddedError } from "./embedded-error.ts";

interface Process {
  readonly pid: number;
  readonly arguments: readonly string[];
}

/** Every postgres process whose working directory is this data directory: the server and its children, and nothing else on the machine. */
async function serving(data: string): Promise<Process[]> {
  const found: Process[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const directory = await readlink(`/proc/${name}/cwd`).catch(() => null);
    if (directory !== data) continue;
    const program = await readlink(`/proc/${name}/exe`).catch(() => "");
    if (!/^postgres(?: \(deleted\))?$/.test(basename(program))) continue;
    found.push({ pid: Number(name), arguments: (await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "")).split("\0") });
  }
  return found;
}

/** One after the other, until none is left: fast shutdown, immediate shutdown, the end of every process. */
const stages = [
  { signal: "SIGINT", everybody: false, waitMs: 30_000 },
  { signal: "SIGQUIT", everybody: false, waitMs: 5_000 },
  { signal: "SIGKILL", everybody: true, waitMs: 5_000 },
] as const;

/**
 * Stops what a killed start left serving this data directory, and takes its stale lock file away: PostgreSQL would otherwise refuse to start
 * as soon as anybody else has the process id that stands in it.
 */
export async function stopLeftover(data: string): Promise<{ readonly stopped: boolean }> {
  let left = await serving(data);
  const stopped = left.length > 0;
  const server = Number((await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n")[0]);
  for (const { signal, everybody, waitMs } of stages) {
    const signalled = left.filter(({ pid, arguments: given }) => everybody || pid === server || given.includes("-D"));
    for (const { pid } of signalled) kill(pid, signal);
    for (const end = performance.now() + waitMs; left.length > 0 && performance.now() < end; left = await serving(data)) await pause(20);
    if (left.length === 0) break;
  }
  if (left.length > 0)
    throw new EmbeddedError(`PostgreSQL of an earlier start (process ${left[0]?.pid}) still uses ${data} and does not end`);
  await rm(join(data, "postmaster.pid"), { force: true });
  return { stopped };
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
