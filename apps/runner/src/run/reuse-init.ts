import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readInstalled, writeInstalled } from "@takosumi/opentofu/installed";
import { stateProviders } from "@takosumi/opentofu/state";
import type { Ground } from "./ground.ts";
import type { Job } from "./job.ts";

/** Modules from elsewhere may move: what they are is asked every time. */
export const hasRemoteModules = (job: Job): Promise<boolean> =>
  readFile(join(job.dir.data, "modules/modules.json"), "utf8").then(
    (text) => /"Version"|"Source":"(?!\.{1,2}\/|")/.test(text),
    () => false,
  );

/** All that an init without remote modules depends on: source with its lock file, root module, tool, mirror, and what only the state needs. */
export function initKey({ lease, source }: Job, { tool, mirror }: Ground, state: Buffer): string {
  return JSON.stringify([source?.digest, lease.module_path, tool.name, tool.digest, mirror, stateProviders(state).toSorted()]);
}

const placeOf = (job: Job, { moduleDir, mirror }: Ground) => ({ dir: job.dir, moduleDir, facts: job.site.facts, mirror });

/** Whether the directory is now as a good init of the same left it. Only ever before a plan. */
export async function reuseInit(job: Job, ground: Ground, key: string): Promise<boolean> {
  const installed = job.site.inits.get(key);
  if (!installed) return false;
  if (await writeInstalled(placeOf(job, ground), installed)) return true;
  job.site.inits.drop(key);
  return false;
}

/** Remembers what a good init left, where it is small and all of it is known. */
export async function keepInit(job: Job, ground: Ground, key: string): Promise<void> {
  if (await hasRemoteModules(job)) return;
  const installed = await readInstalled(placeOf(job, ground)).catch(() => null);
  if (installed) job.site.inits.set(key, installed);
}
