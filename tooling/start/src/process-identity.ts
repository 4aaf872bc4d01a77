import { readFileSync } from "node:fs";

/** One process for ever: a pid alone is given to others after its end. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: ticks since boot. */
  readonly start: string;
  readonly boot: string;
}

const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** Null where no such process lives; a zombie does not. */
export function identify(pid: number): ProcessIdentity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program stands in brackets and may hold anything, brackets included.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? null : { pid, start: fields[18] ?? "", boot: bootId() };
  } catch {
    return null;
  }
}

export function isAlive(known: ProcessIdentity): boolean {
  const now = identify(known.pid);
  return now !== null && now.start === known.start && now.boot === known.boot;
}

/** What an identity was written as; null for anything else. */
export function parseIdentity(text: string): ProcessIdentity | null {
  try {
    const { pid, start, boot } = JSON.parse(text) as Partial<ProcessIdentity>;
    return Number.isInteger(pid) && (pid as number) > 1 && typeof start === "string" && typeof boot === "string"
      ? { pid: pid as number, start, boot }
      : null;
  } catch {
    return null;
  }
}
