import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeCgroups, removeCgroups } from "./cgroups.ts";
import { TofuError } from "./errors.ts";
import { HELD_CONFIG, phaseLine } from "./phase-line.ts";
import { bootId } from "./processes.ts";
import { RunningPhase } from "./running-phase.ts";
import { type Box, sandboxWalls } from "./sandbox.ts";
import { BARE, quoted } from "./shell.ts";
import { type StartedShell, startShell } from "./started-shell.ts";
import type { HeldPhase, Phase, PhaseFacts, RunDir } from "./types.ts";

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
  /** Where a shell for a sandbox comes from; without it one is started. */
  shells?: { take(): Promise<StartedShell> };
};

/**
 * Starts the payload so that it outlives this process (rule 7): a detached shell in its own session waits for it and
 * leaves the exit status in a file; all output goes to regular files that the payload cannot reach by name.
 */
export async function startPhase(start: PhaseStart): Promise<Phase> {
  const { shell, folder, line, options, cgroups } = await prepared(start, false);
  const phase = running(start, shell, folder, cgroups);
  shell.tell(line, options);
  return phase;
}

/**
 * The same up to the moment at which the tool reads its CLI configuration, which is before it looks at anything of the Run. It waits
 * there until it is released, and ends with this process where it never is. Its environment is the one that it has now. Without a
 * sandbox the end of another phase in this directory ends it too.
 */
export async function holdPhase(start: PhaseStart): Promise<HeldPhase> {
  const { shell, folder, line, options, cgroups } = await prepared(
    { ...start, env: { ...start.env, TF_CLI_CONFIG_FILE: HELD_CONFIG } },
    true,
  );
  shell.tell(line, options, true);
  let released = false;
  let at = folder;
  return {
    begun: () => new RunningPhase(at, factsOf(start, shell, cgroups), null).begun(),
    moved(dir) {
      at = join(dir.ctl, start.name);
    },
    release(config) {
      released = true;
      const phase = running(start, shell, at, cgroups);
      shell.answer(quoted(config));
      return phase;
    },
    // bubblewrap says there how its payload ended.
    waits: () => !released && shell.alive && !readFileSync(join(at, "status"), { encoding: "utf8", flag: "a+" }).includes("exit-code"),
    async dismiss() {
      if (released) return;
      shell.dismiss();
      await shell.ended();
      await removeCgroups(cgroups);
    },
  };
}

/** Finds a phase again that another process of this runner started; null where there is none, or none that began. Its shell may have ended. */
export async function reattachPhase(dir: RunDir, name: string): Promise<Phase | null> {
  const folder = join(dir.ctl, name);
  let facts: PhaseFacts;
  try {
    facts = JSON.parse(readFileSync(join(folder, "phase.json"), "utf8")) as PhaseFacts;
  } catch {
    return null;
  }
  const phase = new RunningPhase(folder, facts, null);
  // Its shell was told what to do, or its starter died before it could say so: it does not live long without having begun.
  while (!existsSync(join(folder, "exit"))) {
    if (!(await phase.alive())) return existsSync(join(folder, "exit")) ? phase : null;
    await sleep(5);
  }
  return phase;
}

async function prepared({ dir, name, box, env, cwd, argv, shells }: PhaseStart, held: boolean) {
  const folder = emptyFolder(dir, name);
  const walls = await sandboxWalls(box, dir, cwd);
  for (const file of ["stdout", "stderr"]) closeSync(openSync(join(folder, file), "wx", 0o600));
  // Without bwrap the payload inherits the shell's own environment; with it nothing but PATH reaches shell and bwrap.
  const shell = await (walls ? (shells?.take() ?? startShell(BARE)) : startShell(env));
  const cgroups = makeCgroups(box.facts, dir.root, name, box.limits ?? {});
  const line = phaseLine({ folder, cwd, argv, walls, box, held, cgroups });
  const options = walls ? [...environmentOptions(env), ...walls.options].map((option) => `${option}\0`).join("") : "";
  return { shell, folder, line, options, cgroups };
}

const factsOf = ({ name, box, env }: PhaseStart, shell: StartedShell, cgroups: string[]): PhaseFacts => ({
  name,
  pid: shell.pid,
  startTicks: shell.startTicks,
  bootId: bootId(),
  sandbox: box.facts.kind,
  cgroups,
  marker: `TF_DATA_DIR=${env.TF_DATA_DIR ?? ""}`,
  startedAt: new Date().toISOString(),
});

/** What another process needs to find it stands there before the shell is told to begin. */
function running(start: PhaseStart, shell: StartedShell, folder: string, cgroups: string[]): Phase {
  const facts = factsOf(start, shell, cgroups);
  writeFileSync(join(folder, "phase.json"), JSON.stringify(facts), { mode: 0o600 });
  return new RunningPhase(folder, facts, () => shell.ended());
}

function emptyFolder(dir: RunDir, name: string): string {
  if (!/^[a-z][a-z-]{0,31}$/.test(name)) throw new TofuError("bad_argument", `${JSON.stringify(name)} is no phase name.`);
  const folder = join(dir.ctl, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** The environment as bwrap options. In argv or in bwrap's own environment other processes of this machine would read it. */
function environmentOptions(env: Record<string, string>): string[] {
  return ["--clearenv", ...Object.entries(env).flatMap(([key, value]) => ["--setenv", key, value])];
}
