import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { initArgs } from "@takosumi/opentofu/commands";
import { equipForApply } from "@takosumi/opentofu/equip";
import { lockedProviders, readLock } from "@takosumi/opentofu/lock";
import { runPhase } from "@takosumi/opentofu/run-phase";
import { createRunDir, seenPaths } from "@takosumi/opentofu/rundir";
import { unpackTree } from "@takosumi/opentofu/unpack";
import { collect } from "../cache/bytes.ts";
import { withModuleAccess } from "../source/module-access.ts";
import { toolFailure } from "./failure.ts";
import { type Ground, stepOf } from "./ground.ts";
import { diagnosticsOf } from "./human-errors.ts";
import type { Job } from "./job.ts";
import { plannedMark } from "./journal.ts";

const INIT_MS = 15 * 60_000;
const INIT_BYTES = 16 * 1024 * 1024;

/**
 * The tree that was sealed with the plan: kept here since the plan, or unpacked from its snapshot at the same absolute path. A tree
 * that another attempt left is not taken; a kept one that was changed since fails the seal. `cleared`: it is kept, and nothing else is there.
 */
export async function workTree(job: Job, cleared: boolean): Promise<{ tar: Buffer | null }> {
  const { dir, lease } = job;
  if (!lease.sealed) throw new Error("an apply without a sealed plan");
  const { work } = lease.sealed;
  if (cleared) return { tar: null };
  const kept = await isKept(job);
  let tar: Buffer | null = null;
  if (!kept) {
    for (const part of [dir.tree, dir.data]) await rm(part, { recursive: true, force: true });
    tar = await job.calls.input("work", (bytes) => collect(work, bytes));
    await unpackTree(tar, dir.root);
  }
  for (const part of [dir.io, dir.ctl]) await rm(part, { recursive: true, force: true });
  for (const part of [dir.tree, dir.data, dir.ctl, dir.io]) await mkdir(part, { recursive: true, mode: 0o700 });
  return { tar };
}

/** Whether the tree of this plan stands here since it was made. */
export const isKept = async ({ dir, lease }: Job): Promise<boolean> =>
  (await readFile(plannedMark(dir.root), "utf8").catch(() => "")) === lease.sealed?.work_tree_digest;

/**
 * Providers for a tree that another runner planned. Init never touches the sealed tree: it runs on a copy beside it, held to the sealed
 * lock file, and only what it installed is taken over. The tool compares it with the lock again before it starts any provider.
 */
export async function installProviders(job: Job, ground: Ground, tar: Buffer, state: Buffer): Promise<void> {
  const locked = lockedProviders(await readLock(ground.moduleDir));
  if (locked.length === 0) return;
  const { facts } = job.site;
  const copy = await createRunDir(`${job.dir.root}.init`);
  try {
    for (const part of [copy.tree, copy.data]) await rm(part, { recursive: true });
    await unpackTree(tar, copy.root);
    await mkdir(copy.data, { recursive: true, mode: 0o700 });
    const module_path = job.lease.module_path;
    await equipForApply({
      dir: copy,
      facts,
      tool: ground.tool,
      modulePath: module_path,
      state,
      variables: null,
      planFile: Buffer.alloc(0),
      mirror: ground.mirror,
    });
    const seen = seenPaths(copy, facts, ground.tool, module_path);
    const start = stepOf(job, { ...ground, seen }, "init", [...initArgs({ tool: ground.tool, seen }), "-lockfile=readonly"], {
      installs: true,
    });
    const bounds = { timeoutMs: INIT_MS, maxBytes: INIT_BYTES, stop: job.control.stopped };
    const { exit, stderr } = await withModuleAccess(job, { ...ground, seen }, copy, { ...start, dir: copy }, (ready) =>
      runPhase(ready, bounds),
    );
    job.control.stopped.throwIfAborted();
    if (exit.code !== 0)
      throw toolFailure("INIT_FAILED", "Installing the providers of the plan", diagnosticsOf(stderr.toString("utf8")), exit);
    await rename(join(copy.data, "providers"), join(job.dir.data, "providers"));
  } finally {
    await rm(copy.root, { recursive: true, force: true });
  }
}
