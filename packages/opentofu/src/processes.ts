import { readdir, readFile } from "node:fs/promises";

/** Field 22 of /proc/<pid>/stat (clock ticks after boot), null where there is no such process or only its zombie. */
export async function startTicks(pid: number): Promise<string | null> {
  const fields = await statFields(pid);
  return fields === null || fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
}

export async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}

/** Living children of a process. */
export async function childrenOf(pid: number): Promise<number[]> {
  const listed = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => null);
  if (listed !== null) return listed.split(" ").filter(Boolean).map(Number);
  return (await parents()).filter(([, parent]) => parent === pid).map(([child]) => child);
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

/** Every process below `root`, and every one that was started with `marker` in its environment: setsid leaves the first set, not the second. */
export async function wholeTree(root: number, marker: string): Promise<number[]> {
  const all = await parents();
  const tree = new Set<number>();
  for (const pid of descend(root, all)) tree.add(pid);
  for (const [pid] of all) {
    const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (environment.split("\0").includes(marker)) for (const below of [pid, ...descend(pid, all)]) tree.add(below);
  }
  tree.delete(process.pid);
  const living = await Promise.all([...tree].map(async (pid) => ((await startTicks(pid)) === null ? [] : [pid])));
  return living.flat();
}

function descend(root: number, all: [number, number][]): number[] {
  const below = all.filter(([, parent]) => parent === root).map(([child]) => child);
  return below.flatMap((child) => [child, ...descend(child, all)]);
}

async function parents(): Promise<[number, number][]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const pairs = await Promise.all(pids.map(async (pid): Promise<[number, number]> => [pid, Number((await statFields(pid))?.[1] ?? -1)]));
  return pairs.filter(([, parent]) => parent >= 0);
}

/** The fields after the command, which stands in brackets and may hold anything: [state, ppid, …]; start time is the 20th. */
async function statFields(pid: number): Promise<string[] | null> {
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => null);
  return text === null ? null : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Signals a process; false where it is gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
