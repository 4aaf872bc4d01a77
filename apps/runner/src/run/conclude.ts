import type { Outcome } from "@takosumi/contracts/runner/outcome";
import type { PhaseExit, ToolName } from "@takosumi/opentofu/types";
import type { Checkpoints } from "./checkpoints.ts";
import { RunFailure, stopFailure, toolFailure } from "./failure.ts";
import type { Followed } from "./follow.ts";
import type { Ground } from "./ground.ts";
import type { Job } from "./job.ts";
import { findState, recordState } from "./record-state.ts";

/** How an apply ended, with the state that it left stored. */
export async function concluded(
  job: Job,
  ground: Pick<Ground, "tool" | "moduleDir">,
  { exit, seen }: Followed,
  checkpoints: Checkpoints,
): Promise<Outcome> {
  const { name, version, digest } = ground.tool;
  const tool = { name: name as ToolName, version, digest };
  const { diagnostics, changes: summary } = seen;
  const found = await findState(
    { io: job.dir.io, moduleDir: ground.moduleDir, base: job.lease.base },
    exit,
    seen,
    await checkpoints.last(),
  );
  if (found.unsaved) {
    // What is good is kept as a checkpoint: a person may adopt it. The state that the Run began with is recorded already.
    if (found.state && found.state.digest !== job.lease.base.digest)
      await job.calls.artifact("checkpoint", { digest: found.state.digest, size: found.state.bytes.length, body: found.state.bytes });
    const failure = toolFailure("STATE_UNSAVED", found.unsaved, diagnostics, exit);
    const error = {
      code: failure.code,
      message: `${found.unsaved}. Resolve the Run: adopt its checkpoint, upload a state, or keep the one before.`,
      details: failure.details,
    };
    return { result: "state_unsaved", tool, error, diagnostics };
  }
  const state = await recordState(job, found.state, seen);
  if (exit.code === 0) return { result: "applied", tool, state, summary, diagnostics, duration_ms: job.elapsedMs };
  const stop = job.control.reason;
  const failure = stop ? stopFailure(stop, diagnostics) : (killed(exit) ?? toolFailure("APPLY_FAILED", `${name} apply`, diagnostics, exit));
  const error = { code: failure.code, message: failure.message, details: failure.details };
  return {
    result: failure.code === "CANCELLED" ? "cancelled" : "failed",
    tool,
    error,
    diagnostics,
    state,
    summary,
    duration_ms: job.elapsedMs,
  };
}

const killed = ({ signal, limit }: PhaseExit): RunFailure | null =>
  signal === "SIGKILL" && !limit ? new RunFailure("TOOL_KILLED", "The tool was killed before it changed anything.") : null;
