import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** Field 22 of /proc/<pid>/stat (clock ticks after boot), null where there is no such process or only its zombie. */
export function startTicks(pid: number): string | null {
  const fields = fieldsOf(read(`/proc/${pid}/stat`));
  return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
}

let boot: string | undefined;
/** Names this boot of the machine; a process does not outlive it. */
export function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}

/** Living children of a process. */
export async function childrenOf(pid: number): Promise<number[]> {
  const listed = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => null);
  if (listed !== null) return listed.split(" ").filter(Boolean).map(Number);
  return parents()
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child);
}

/** Arguments with a NUL after each; "" where there is none. */
export function commandLine(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
}

/** The last number of NSpid: the process's pid as its own namespace counts. */
export async function innermostPid(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const last = /^NSpid:\s*(.*)$/m.exec(status)?.[1]?.split(/\s+/).at(-1);
  return last ? Number(last) : null;
}

/**
 * Every process below `root`, and every one that was started with `marker` in its environment: setsid leaves the first set,
 * not the second. Reads synchronously: procfs answers from memory, and hundreds of queued reads take many times as long.
 */
export function wholeTree(root: number, marker: string): number[] {
  const all = parents();
  const tree = new Set(descend(root, all));
  for (const [pid] of all) {
    if (read(`/proc/${pid}/environ`).split("\0").includes(marker)) for (const below of [pid, ...descend(pid, all)]) tree.add(below);
  }
  tree.delete(process.pid);
  return [...tree];
}

function descend(root: number, all: [number, number][]): number[] {
  const below = all.filter(([, parent]) => parent === root).map(([child]) => child);
  return below.flatMap((child) => [child, ...descend(child, all)]);
}

/** [pid, parent] of all that live; a zombie has nothing left to be ended. */
function parents(): [number, number][] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const fields = pids.map((pid): [number, string[]] => [Number(pid), fieldsOf(read(`/proc/${pid}/stat`))]);
  return fields.filter(([, [state]]) => state !== undefined && state !== "Z").map(([pid, [, parent]]) => [pid, Number(parent)]);
}

/** The fields after the command, which stands in brackets and may hold anything: [state, ppid, …]; the start time is the 20th. */
function fieldsOf(stat: string): string[] {
  return stat === "" ? [] : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Signals a process; false where it is gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Clock ticks are hundredths of a second wherever Linux runs. */
const TICKS = 100;

/** Seconds of CPU time that a process and all below it used, those that ended included. */
export function cpuSeconds(root: number): number {
  const tree = [root, ...descend(root, parents())];
  const used = tree.map((pid) =>
    fieldsOf(read(`/proc/${pid}/stat`))
      .slice(11, 15)
      .reduce((sum, field) => sum + Number(field), 0),
  );
  return used.reduce((sum, ticks) => sum + ticks, 0) / TICKS;
}
