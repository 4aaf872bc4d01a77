import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

interface Seen {
  readonly pid: number;
  readonly parent: number;
  readonly argv: readonly string[];
}

const read = (path: string): string => {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
};

function processes(): Seen[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    const [, parent = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { pid: Number(pid), parent: Number(parent), argv: read(`/proc/${pid}/cmdline`).split("\0") };
  });
}

const cwdOf = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
};

/** Every process that works below a directory of a runner: the detached shells of its phases, which stand in it, and all that is below them. */
export function treeOf(runnerDir: string): Seen[] {
  const all = processes();
  const found = all.filter(({ pid }) => cwdOf(pid).startsWith(`${runnerDir}/`));
  for (let at = 0; at < found.length; at++) found.push(...all.filter(({ parent }) => parent === found[at]?.pid));
  return found;
}

/** The same of its Runs alone: tools that wait for a Run that has not come stand elsewhere. */
export const runsTreeOf = (runnerDir: string): Seen[] => treeOf(join(runnerDir, "runs"));

/** The children of a process, theirs, and so on. */
export function below(pid: number): number[] {
  const all = processes();
  const found = [pid];
  for (let at = 0; at < found.length; at++) found.push(...all.filter(({ parent }) => parent === found[at]).map((one) => one.pid));
  return found.slice(1);
}

/** The tool of a phase at work there, waited for up to `withinMs`; null where none came. */
export async function toolIn(runnerDir: string, command: string, withinMs: number): Promise<number | null> {
  for (const end = performance.now() + withinMs; performance.now() < end; await pause(5)) {
    const tool = runsTreeOf(runnerDir).find(({ argv: [name = "", first] }) => /\/(tofu|terraform)$/.test(name) && first === command);
    if (tool) return tool.pid;
  }
  return null;
}

/** Answers how many there were to take it. */
export function signalAll(pids: readonly number[], name: NodeJS.Signals): number {
  return pids.filter((pid) => {
    try {
      return process.kill(pid, name);
    } catch {
      // It ended by itself meanwhile.
      return false;
    }
  }).length;
}
