import { spawn } from "node:child_process";
import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TofuError } from "./errors.ts";
import { bootId, startTicks } from "./processes.ts";
import { RunningPhase } from "./running-phase.ts";
import { type Box, limitLines, sandboxPrefix } from "./sandbox.ts";
import type { Phase, PhaseFacts, RunDir } from "./types.ts";

export type PhaseStart = {
  dir: RunDir;
  /** Names the phase's folder below `ctl`; used again, it replaces the earlier one. */
  name: string;
  box: Box;
  /** The payload's whole environment. */
  env: Record<string, string>;
  /** The payload's working directory, as it sees it. */
  cwd: string;
  /** The tool as the payload sees it, and its arguments. Never a secret. */
  argv: string[];
};

/** bwrap's status goes to descriptor 3 and its options with secrets come from 4; without bwrap both stay closed. */
const STATUS_FD = 3;
const ARGS_FD = 4;

/**
 * Starts the payload so that it outlives this process (rule 7): a detached shell in its own session waits for it and
 * leaves the exit status in a file; all output goes to regular files that the payload cannot reach by name.
 */
export async function startPhase({ dir, name, box, env, cwd, argv }: PhaseStart): Promise<Phase> {
  const folder = await emptyFolder(dir, name);
  const boxed = box.facts.kind === "bubblewrap";
  const prefix = await sandboxPrefix(box, dir, cwd);
  const files = await Promise.all([
    open(join(folder, "stdout"), "w", 0o600),
    open(join(folder, "stderr"), "w", 0o600),
    open(join(folder, "status"), "w", 0o600),
  ]);
  try {
    const options = boxed ? await unnamedFile(folder, environmentOptions(env)) : null;
    if (options) files.push(options);
    const [bwrap, ...inside] = prefix;
    const line = bwrap ? [bwrap, "--json-status-fd", String(STATUS_FD), "--args", String(ARGS_FD), ...inside, ...argv] : argv;
    const run = `d=$1; ctl=$2; shift 2; if cd "$d"; then "$@"; else false; fi`;
    const script = `${limitLines(box.limits)}; ${run}; echo $? > "$ctl/exit"`;
    // Without bwrap the payload's directory is the shell's own; with it nothing but PATH reaches shell and bwrap.
    const child = spawn("/bin/sh", ["-c", script, "sh", boxed ? "/" : cwd, folder, ...line], {
      detached: true,
      cwd: folder,
      env: boxed ? { PATH: "/usr/bin:/bin" } : env,
      stdio: ["ignore", ...files.map((file) => file.fd)],
    });
    await new Promise<void>((started, failed) => child.once("spawn", started).once("error", failed));
    // A runner may end while the phase goes on; who waits for it stays.
    child.unref();
    const exited = new Promise<void>((done) => child.once("exit", () => done()));
    const ended = () => {
      child.ref();
      return exited;
    };
    const facts = await factsOf(child.pid ?? 0, name, box, env);
    await persist(folder, facts);
    return new RunningPhase(folder, facts, ended);
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

/** Finds a phase again that another process of this runner started; null where there is none. Its shell may have ended. */
export async function reattachPhase(dir: RunDir, name: string): Promise<Phase | null> {
  const folder = join(dir.ctl, name);
  try {
    return new RunningPhase(folder, JSON.parse(await readFile(join(folder, "phase.json"), "utf8")) as PhaseFacts, null);
  } catch {
    return null;
  }
}

async function emptyFolder(dir: RunDir, name: string): Promise<string> {
  if (!/^[a-z][a-z-]{0,31}$/.test(name)) throw new TofuError("bad_argument", `${JSON.stringify(name)} is no phase name.`);
  const folder = join(dir.ctl, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

async function factsOf(pid: number, name: string, box: Box, env: Record<string, string>): Promise<PhaseFacts> {
  const [ticks, boot] = await Promise.all([startTicks(pid), bootId()]);
  // An empty start time never equals a living process's: a phase that ended at once is never signalled.
  return {
    name,
    pid,
    startTicks: ticks ?? "",
    bootId: boot,
    sandbox: box.facts.kind,
    marker: `TF_DATA_DIR=${env.TF_DATA_DIR ?? ""}`,
    startedAt: new Date().toISOString(),
  };
}

async function persist(folder: string, facts: PhaseFacts): Promise<void> {
  await writeFile(join(folder, "phase.tmp"), JSON.stringify(facts), { mode: 0o600 });
  await rename(join(folder, "phase.tmp"), join(folder, "phase.json"));
}

/** The environment as bwrap options. In argv or in bwrap's own environment other processes of this machine would read it. */
function environmentOptions(env: Record<string, string>): string {
  const options = ["--clearenv", ...Object.entries(env).flatMap(([key, value]) => ["--setenv", key, value])];
  return options.map((option) => `${option}\0`).join("");
}

/** An open file that has no name any more: it goes with its last reader. */
async function unnamedFile(folder: string, text: string) {
  const path = join(folder, "options");
  await writeFile(path, text, { mode: 0o600 });
  const file = await open(path, "r");
  await rm(path);
  return file;
}
