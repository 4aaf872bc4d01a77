import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { identify, isAlive, parseIdentity } from "./process-identity.ts";

export interface ChildSpec {
  /** Names its log and its pid file. */
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How a process ended: `status 1`, `SIGKILL`, or why it never began. */
export interface Ending {
  readonly ok: boolean;
  readonly text: string;
}

export interface Child {
  readonly pid: number;
  readonly log: string;
  readonly exited: Promise<Ending>;
  /** True from the moment that it has ended. */
  readonly ended: () => boolean;
  /** SIGTERM, and SIGKILL where it is not gone after `graceMs`. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
}

const pidFile = (dataDir: string, name: string) => join(dataDir, "pids", `${name}.json`);
export const logFile = (dataDir: string, name: string) => join(dataDir, "logs", `${name}.log`);

/** Starts a process in a session of its own: a Ctrl-C of the terminal reaches only the launcher. */
export function startChild(dataDir: string, { name, command, cwd, env }: ChildSpec): Child {
  for (const folder of ["pids", "logs"]) mkdirSync(join(dataDir, folder), { recursive: true, mode: 0o700 });
  const log = logFile(dataDir, name);
  const out = openSync(log, "a", 0o600);
  const [program, ...args] = command;
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", out, out] });
  closeSync(out);
  let over = false;
  const exited = new Promise<Ending>((resolve) => {
    child.once("error", ({ message }) => resolve({ ok: false, text: message }));
    child.once("exit", (code, signal) => resolve({ ok: code === 0, text: signal ?? `status ${code}` }));
  }).then((ending) => {
    over = true;
    rmSync(pidFile(dataDir, name), { force: true });
    return ending;
  });
  const identity = child.pid === undefined ? null : identify(child.pid);
  if (identity) writeFileSync(pidFile(dataDir, name), JSON.stringify(identity), { mode: 0o600 });
  return {
    pid: child.pid ?? 0,
    log,
    exited,
    ended: () => over,
    async stop(graceMs) {
      if (over) return;
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await exited;
      clearTimeout(late);
    },
  };
}

/** Ends what a launcher that was killed left behind under this name. Answers whether there was anything. */
export async function endLeftover(dataDir: string, name: string, graceMs: number): Promise<boolean> {
  const path = pidFile(dataDir, name);
  const known = parseIdentity(readOr(path, ""));
  if (known === null || !isAlive(known)) {
    rmSync(path, { force: true });
    return false;
  }
  for (const [signal, waitMs] of [
    ["SIGTERM", graceMs],
    ["SIGKILL", 5_000],
  ] as const) {
    signalled(known.pid, signal);
    for (const end = performance.now() + waitMs; performance.now() < end; await pause(20)) {
      if (isAlive(known)) continue;
      rmSync(path, { force: true });
      return true;
    }
  }
  throw new Error(`process ${known.pid} (${name} of an earlier start) does not end`);
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return fallback;
  }
}

function signalled(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
