import { join } from "node:path";
import { stateFile } from "@takosumi/contracts/deploy/state-file";
import type { RecordedState } from "@takosumi/contracts/runner/outcome";
import type { PhaseExit } from "@takosumi/opentofu/types";
import type { Seen } from "../events/tool-events.ts";
import { type GoodState, goodBytes, goodState } from "./checkpoints.ts";
import type { Job } from "./job.ts";

/** What is known of the state after an apply. `unsaved`: why the newest state could not be had. */
export type Found = { readonly state: GoodState | null; readonly unsaved: string | null };

type Places = { readonly io: string; readonly moduleDir: string; readonly base: { readonly lineage: string; readonly serial: number } };

/**
 * The newest state, in the order in which the tool gives it up: printed because no file could be written, `errored.tfstate`, its file,
 * the last checkpoint. A tool that was killed had not saved what it did last: that is for a person to resolve.
 */
export async function findState({ io, moduleDir, base }: Places, exit: PhaseExit, seen: Seen, last: GoodState | null): Promise<Found> {
  const printed = seen.dump && goodBytes(seen.dump, base);
  if (printed) return { state: printed, unsaved: null };
  const errored = exit.code === 0 ? null : await goodState(join(moduleDir, "errored.tfstate"), base);
  if (errored) return { state: errored, unsaved: null };
  const file = await goodState(join(io, "state.tfstate"), base);
  const state = !file || (last && last.serial > file.serial) ? last : file;
  if (seen.unsaved) return { state, unsaved: "The tool could not save its state" };
  if (exit.signal === "SIGKILL" && seen.started > 0)
    return { state, unsaved: "The tool was killed while it worked: its last changes are in no state" };
  if (!file && !state) return { state: null, unsaved: "The state file is missing or damaged, and there is no checkpoint" };
  return { state, unsaved: !file && seen.started > 0 ? "The state file is missing or damaged; a checkpoint is older" : null };
}

/** Sends a state, or has it carried along, and says what its bytes say; null where they are the ones that the Run began with. */
export async function recordState(job: Job, state: GoodState | null, seen: Seen): Promise<RecordedState | null> {
  if (!state || state.digest === job.lease.base.digest) return null;
  const file = stateFile(state.bytes);
  if (!file) throw new Error("a good state that is none");
  await job.carried.take("state", { digest: state.digest, size: state.bytes.length, body: state.bytes });
  const { serial, lineage, resource_count, encrypted } = file;
  const outputs = encrypted ? seen.outputs : file.outputs;
  return {
    digest: state.digest,
    size_bytes: state.bytes.length,
    serial,
    lineage,
    resource_count,
    outputs: outputs.slice(0, 2_000),
  };
}
