import { readdir } from "node:fs/promises";
import { reattachPhase } from "@takosumi/opentofu/phase";
import type { RunDir } from "@takosumi/opentofu/types";

/** Ends whatever still runs in a directory. */
export async function endPhases(dir: RunDir): Promise<void> {
  for (const entry of await readdir(dir.ctl, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory()) continue;
    const phase = await reattachPhase(dir, entry.name);
    await phase?.kill();
    await phase?.wait();
  }
}
