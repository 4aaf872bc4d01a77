import { readFile } from "node:fs/promises";
import { checkBackend } from "@takosumi/opentofu/backend";
import { initArgs, showConfigArgs } from "@takosumi/opentofu/commands";
import { startPhase } from "@takosumi/opentofu/phase";
import { runPhase } from "@takosumi/opentofu/run-phase";
import { withModuleAccess } from "../source/module-access.ts";
import { RunFailure, toolFailure } from "./failure.ts";
import { follow } from "./follow.ts";
import { type Ground, stepOf } from "./ground.ts";
import { guarded } from "./guard.ts";
import { diagnosticsOf } from "./human-errors.ts";
import type { Job } from "./job.ts";

const CONFIG_MS = 120_000;
const CONFIG_BYTES = 64 * 1024 * 1024;

/** Installs what the module needs, in the sandbox, with no credential but those of its modules; then our backend must be the recorded one. */
export async function initialize(job: Job, ground: Ground): Promise<void> {
  const events = ground.tool.name === "opentofu";
  const argv = [...initArgs(ground), ...(events ? [`-json-into=${ground.seen.events}`] : [])];
  await withModuleAccess(job, ground, job.dir, stepOf(job, ground, "init", argv, { installs: true }), async (start) => {
    const phase = await startPhase(start);
    const exit = guarded(job, phase, { writes: false });
    const { exit: ended, seen } = await follow(job, phase, exit, { name: "init", machine: events ? "events" : null });
    job.control.stopped.throwIfAborted();
    if (ended.code === 0) return;
    const said = seen.diagnostics.length > 0 ? seen.diagnostics : diagnosticsOf(await readFile(phase.files.stderr, "utf8").catch(() => ""));
    throw toolFailure("INIT_FAILED", `${ground.tool.name} init`, said, ended);
  });
  await checkBackend(job.dir, job.lease.module_path);
}

/** The tool's own view of the configuration; null for Terraform, which has no such command. */
export async function showConfig(job: Job, ground: Ground): Promise<unknown> {
  if (ground.tool.name !== "opentofu") return null;
  const bounds = { timeoutMs: CONFIG_MS, maxBytes: CONFIG_BYTES, stop: job.control.stopped };
  const { exit, stdout, stderr, timedOut } = await runPhase(stepOf(job, ground, "show-config", showConfigArgs(ground)), bounds);
  job.control.stopped.throwIfAborted();
  if (exit.code !== 0 || timedOut) {
    const said = stderr.toString("utf8");
    await job.note(said.trimEnd());
    throw toolFailure("INIT_FAILED", "Reading the configuration", diagnosticsOf(said), exit);
  }
  try {
    // Only this part is read; the whole may be large.
    const { provider_config } = JSON.parse(stdout.toString("utf8")) as { provider_config?: unknown };
    return { provider_config };
  } catch {
    throw new RunFailure("INIT_FAILED", "The tool showed the configuration as something that is no JSON.");
  }
}
