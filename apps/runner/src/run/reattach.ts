import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { reattachPhase } from "@takosumi/opentofu/phase";
import { bootId, startTicks } from "@takosumi/opentofu/processes";
import { RunningPhase } from "@takosumi/opentofu/running-phase";
import type { Phase, RunDir, SandboxFacts } from "@takosumi/opentofu/types";

/**
 * A phase that an earlier process of this runner started; null where none was begun. That process may have been killed between the
 * start of the shell and the note of its pid: the shell is then found by the folder among its arguments.
 */
export async function findPhase(dir: RunDir, name: string, facts: SandboxFacts, marker: string): Promise<Phase | null> {
  const noted = await reattachPhase(dir, name);
  if (noted) return noted;
  const folder = join(dir.ctl, name);
  if (!(await stat(folder).catch(() => null))) return null;
  const pid = await shellOf(folder);
  const [ticks, boot] = await Promise.all([pid === null ? null : startTicks(pid), bootId()]);
  const found = {
    name,
    pid: pid ?? 0,
    startTicks: ticks ?? "",
    bootId: boot,
    sandbox: facts.kind,
    marker,
    startedAt: new Date().toISOString(),
  };
  return new RunningPhase(folder, found, null);
}

async function shellOf(folder: string): Promise<number | null> {
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const argv = (await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "")).split("\0");
    if (argv[0] === "/bin/sh" && argv.includes(folder)) return Number(name);
  }
  return null;
}

/** Ends whatever still runs in a directory. */
export async function endPhases(dir: RunDir, facts: SandboxFacts): Promise<void> {
  for (const name of await readdir(dir.ctl).catch(() => [])) {
    if (!/^[a-z][a-z-]{0,31}$/.test(name) || !(await stat(join(dir.ctl, name))).isDirectory()) continue;
    const phase = await findPhase(dir, name, facts, markerOf(dir, facts));
    await phase?.kill();
    await phase?.wait();
  }
}

/** What every process of a phase was started with: without bubblewrap its children are found by it. */
export const markerOf = (dir: RunDir, facts: SandboxFacts): string => `TF_DATA_DIR=${facts.kind === "bubblewrap" ? "/data" : dir.data}`;
