import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunKind } from "@takosumi/contracts/deploy/run";

/** What a restarted runner must know of a Run that it held. No secret: ids and how far it came. */
export type Journal = {
  readonly run_id: string;
  readonly epoch: number;
  readonly kind: RunKind;
  /** `spawning` is written before the tool of an apply is started: from then on it may run without this process. */
  readonly stage: "preparing" | "spawning";
  /** Tool and start, for the record of an apply that is completed by another process than the one that began it. */
  readonly started_at: string;
};

export const workRoot = (dir: string): string => join(dir, "runs");
/** The folder below a run directory that only the runner writes; no sandbox sees it. */
export const ownFolder = (root: string): string => join(root, "own");

/** Names the work tree that a finished plan left here for its apply. */
export const plannedMark = (root: string): string => join(root, "planned");

export async function writeJournal(root: string, journal: Journal): Promise<void> {
  const folder = ownFolder(root);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, "journal.new"), JSON.stringify(journal), { mode: 0o600 });
  await rename(join(folder, "journal.new"), join(folder, "journal.json"));
}

/** Run directories that some earlier process of this runner was at work in. */
export async function readJournals(dir: string): Promise<{ root: string; journal: Journal }[]> {
  const names = await readdir(workRoot(dir)).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => {
      const root = join(workRoot(dir), name);
      const journal = await readJournal(root);
      return journal && { root, journal };
    }),
  );
  return found.filter((one) => one !== null);
}

export async function readJournal(root: string): Promise<Journal | null> {
  try {
    return JSON.parse(await readFile(join(ownFolder(root), "journal.json"), "utf8")) as Journal;
  } catch {
    return null;
  }
}

/** The Run is over: what stays is the work tree of a plan, if it waits for its apply. */
export const dropJournal = (root: string): Promise<void> => rm(ownFolder(root), { recursive: true, force: true });
