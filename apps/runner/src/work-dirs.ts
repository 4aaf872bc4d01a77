import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "./env.ts";
import { plannedMark, readJournal, workRoot } from "./run/journal.ts";

/** Removes work trees whose apply did not come: too old, or too many. What a Run works in, or a killed process left open, stays. */
export async function sweepWorkDirs({ dir, workDirs, workMs }: Settings, active: (root: string) => boolean): Promise<void> {
  const names = await readdir(workRoot(dir)).catch(() => []);
  const waiting: { root: string; at: number }[] = [];
  for (const name of names) {
    const root = join(workRoot(dir), name);
    // `<run>.init` is where an apply of that Run installs providers.
    const owner = name.endsWith(".init") ? root.slice(0, -".init".length) : root;
    if (active(owner) || (await readJournal(owner))) continue;
    waiting.push({ root, at: (await stat(plannedMark(root)).catch(() => null))?.mtimeMs ?? 0 });
  }
  waiting.sort((a, b) => b.at - a.at);
  for (const [place, { root, at }] of waiting.entries()) {
    if ((place >= workDirs || Date.now() - at > workMs) && !active(root.replace(/\.init$/, "")))
      await rm(root, { recursive: true, force: true });
  }
}
