import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Settings } from "./env.ts";
import { workRoot, writeJournal } from "./run/journal.ts";
import { sweepWorkDirs } from "./work-dirs.ts";

test("what a Run works in stays, with the folder that it installs providers in; what nobody came for goes", async () => {
  const dir = await mkdtemp(join(tmpdir(), "work-dirs-"));
  try {
    const root = workRoot(dir);
    for (const name of ["run_a", "run_a.init", "run_b.init", "run_old", "run_old.init"]) await mkdir(join(root, name), { recursive: true });
    await writeJournal(join(root, "run_b"), { run_id: "run_b", epoch: 1, kind: "apply", stage: "preparing", started_at: "" });
    await sweepWorkDirs({ dir, workDirs: 10, workMs: 1_000 } as Settings, (at) => at === join(root, "run_a"));
    expect((await readdir(root)).toSorted()).toEqual(["run_a", "run_a.init", "run_b", "run_b.init"]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
