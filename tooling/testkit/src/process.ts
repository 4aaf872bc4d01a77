import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { env as own } from "./env.ts";

export type Line = Readonly<Record<string, unknown>> & { readonly msg?: string };
export interface Spawned {
  readonly pid: number;
  /** Every line that it wrote so far, parsed where it is JSON; the newest 5,000. */
  readonly lines: readonly Line[];
  /** The first line with this message, written already or yet to come. Rejects where the process ends without it. */
  line(msg: string): Promise<Line>;
  /** Its exit status, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
}
const kept = 5_000;

/** What a process of ours may keep of another's start. */
const compiled: Readonly<Record<string, string>> = own.NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE: own.NODE_COMPILE_CACHE } : {};

/** Starts one of our own processes from its source, with exactly this environment. */
export function spawnSource(source: URL, env: Readonly<Record<string, string>>): Spawned {
  const child = spawn(process.execPath, [source.pathname], { env: { ...compiled, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  const take = (text: string) => {
    lines.push(parsed(text));
    if (lines.length > kept) lines.shift();
    wake();
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", take);
  let ended = false;
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("close", (code, signal) => {
      ended = true;
      resolve(code ?? signal ?? -1);
      wake();
    });
  });
  return {
    pid: pidOf(child),
    lines,
    exited,
    line: (msg) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find((line) => line.msg === msg);
          if (!found && !ended) return void waiting.add(look);
          waiting.delete(look);
          if (found) resolve(found);
          else reject(new Error(`It ended without saying "${msg}":\n${lines.map((line) => JSON.stringify(line)).join("\n")}`));
        };
        look();
      }),
    kill: (signal) => void child.kill(signal),
  };
}

const pidOf = ({ pid }: ChildProcess): number => {
  if (pid === undefined) throw new Error("The process could not be started");
  return pid;
};

function parsed(text: string): Line {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return { text };
  }
}
