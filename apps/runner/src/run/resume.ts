import { rm } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { Lease } from "@takosumi/contracts/runner/lease";
import { reattachPhase } from "@takosumi/opentofu/phase";
import { openRunDir } from "@takosumi/opentofu/rundir";
import type { Tool, ToolName } from "@takosumi/opentofu/types";
import type { Site } from "../site.ts";
import { supervise } from "./apply.ts";
import { hideInjected } from "./credentials.ts";
import { carryThrough, executeRun } from "./execute.ts";
import { groundOf } from "./ground.ts";
import { hideMasked } from "./hide-masked.ts";
import { Job, rootOf } from "./job.ts";
import type { Journal } from "./journal.ts";
import { endPhases } from "./reattach.ts";
import { sealedTool } from "./tool.ts";

/** Goes on with a Run that a killed process of this runner was at work on. An apply that may have started is never started again. */
export async function resumeRun(site: Site, lease: Lease, journal: Journal, onJob: (job: Job) => () => void): Promise<void> {
  const dir = openRunDir(rootOf(site, lease));
  const phase = journal.stage === "spawning" ? await reattachPhase(dir, "apply") : null;
  if (!phase) {
    await endPhases(dir);
    return executeRun(site, lease, onJob, "The runner was started again: this Run begins anew.");
  }
  const job = new Job(site, lease, Date.parse(journal.started_at));
  job.executed = true;
  await carryThrough(job, onJob, async () => {
    const release = job.outbox.hold();
    const tool = await sealedTool(site.settings, lease.tool).catch(() => null);
    const ground = groundOf(job, tool ?? goneTool(lease));
    // Before the apply is looked after: its end takes away what this reads.
    await hideInjected(job);
    const hidden = Promise.resolve(tool ? hideMasked(job, ground) : job.withhold()).finally(release);
    await job.note("The runner was started again and goes on with this Run.");
    const outcome = await supervise(job, ground, phase);
    await hidden;
    return outcome;
  });
}

/** Ends what is left of a Run that is not this runner's any more. An apply may still save its state: it gets its interrupt. */
export async function abandonRun(site: Site, root: string, journal: Journal): Promise<void> {
  const dir = openRunDir(root);
  const phase = journal.kind === "plan" ? null : await reattachPhase(dir, "apply");
  if (phase && (await phase.alive())) {
    await phase.interrupt();
    const over = new AbortController();
    await Promise.race([
      phase.wait().finally(() => over.abort()),
      wait(site.settings.stopGraceMs, undefined, { signal: over.signal }).catch(() => undefined),
    ]);
  }
  await endPhases(dir);
  await rm(root, { recursive: true, force: true });
}

const goneTool = ({ tool }: Lease): Tool => ({
  name: (tool.name ?? "opentofu") as ToolName,
  version: tool.version ?? "",
  digest: tool.digest ?? "",
  path: "",
  origin: "path",
});
