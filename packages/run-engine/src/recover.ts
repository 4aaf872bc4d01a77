import type { Actor } from "@takosumi/contracts/deploy/run";
import { ApiError } from "@takosumi/contracts/errors";
import type { Tx } from "@takosumi/db/db";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { stateLimit, stateOf } from "./artifacts.ts";
import { conflict } from "./conflicts.ts";
import { releaseCapsule } from "./lock.ts";
import { decisions } from "./queries/moves.ts";
import { holdCapsule, holdRun } from "./queries/snapshot.ts";
import { type NewState, recordState } from "./record-state.ts";
import { lastCheckpoint } from "./recovery.ts";
import type { EngineResources } from "./resources.ts";
import { shownOutputs } from "./shown-outputs.ts";

export interface RecoverRequest {
  readonly action: "adopt_checkpoint" | "upload_state" | "keep_previous";
  readonly digest: string | undefined;
  readonly state: string | undefined;
  readonly ledger_acknowledged: boolean;
  readonly actor: Actor;
}
/** The state that a recovery would record, its bytes stored; null to keep the one before. */
export interface PreparedRecovery {
  readonly request: RecoverRequest;
  readonly state: Pick<NewState, "digest" | "size_bytes" | "serial" | "lineage" | "resource_count" | "outputs"> | null;
}

/** Reads or stores the state outside the transaction. 409 for another checkpoint than the one that was looked at, 412 for another lineage. */
export async function prepareRecovery(resources: EngineResources, run: RunRow, request: RecoverRequest): Promise<PreparedRecovery> {
  if (run.status !== "needs_recovery")
    throw conflict(`Run ${run.id} is ${run.status}: nothing is to be recovered`, { reason: "already_resolved", status: run.status });
  if (request.action !== "upload_state" && (run.recovery?.ledger.length ?? 0) > 0 && !request.ledger_acknowledged)
    throw conflict("Resources were begun that the state does not hold: read the ledger and say ledger_acknowledged", {
      reason: "ledger_unacknowledged",
    });
  if (request.action === "keep_previous") return { request, state: null };
  const bytes =
    request.action === "upload_state" ? Buffer.from(request.state ?? "") : await checkpointBytes(resources, run, request.digest);
  const { serial, lineage, resource_count, outputs } = stateOf(bytes);
  // Before the first state nobody but the lost Run knows the lineage: whoever brings a state says it.
  if (lineage !== run.base_lineage && run.base_state_version_id !== null)
    throw new ApiError("PRECONDITION_FAILED", `state: is of the lineage ${lineage}, the Capsule's is ${run.base_lineage}`, {
      reason: "lineage",
      lineage: run.base_lineage,
    });
  if (serial <= run.base_serial && run.base_state_version_id !== null)
    throw new ApiError("PRECONDITION_FAILED", `state: its serial ${serial} is not above the recorded ${run.base_serial}`, {
      reason: "serial",
    });
  const stored = await resources.blobs.put({ workspace: run.workspace_id, kind: "state" }, bytes);
  const shown = await shownOutputs(resources, run.capsule_id, outputs);
  return { request, state: { ...stored, serial, lineage, resource_count, outputs: shown } };
}

async function checkpointBytes(resources: EngineResources, run: RunRow, digest: string | undefined): Promise<Buffer> {
  const checkpoint = await lastCheckpoint(resources, run.id);
  if (!checkpoint) throw conflict(`Run ${run.id} left no checkpoint`, { reason: "digest_mismatch" });
  if (checkpoint.digest !== digest)
    throw conflict(`The last checkpoint is ${checkpoint.digest}`, { reason: "digest_mismatch", digest: checkpoint.digest });
  return resources.blobs.read({ workspace: run.workspace_id, kind: "state", digest: checkpoint.digest }, { limit: stateLimit });
}

/** Ends the lost Run with what the person decided, raises its epoch, and lets the Capsule go. */
export async function recover(tx: Tx, run: RunRow, { request, state }: PreparedRecovery): Promise<RunRow> {
  const capsule = (await tx.one<CapsuleRow>(holdCapsule, [run.capsule_id])) as CapsuleRow;
  const held = (await tx.one<RunRow>(holdRun, [run.id])) as RunRow;
  const version =
    state === null
      ? null
      : await recordState(tx, {
          ...state,
          workspace_id: run.workspace_id,
          capsule_id: run.capsule_id,
          previous_id: capsule.current_state_version_id,
          run_id: run.id,
          tool: null,
          origin: "recovery",
          actor: { id: request.actor.id, name: request.actor.name },
        });
  const resolution = { action: request.action, actor: { id: request.actor.id, name: request.actor.name }, at: new Date().toISOString() };
  const error = { code: "RECOVERED", message: `recovered by ${request.actor.name}: ${request.action}`, details: null };
  const ended = await tx.one<RunRow>(decisions.resolve, [
    run.id,
    JSON.stringify(error),
    JSON.stringify({ ...held.recovery, resolution }),
    version?.id ?? null,
  ]);
  if (!ended)
    throw conflict(`Run ${run.id} is ${held.status}: nothing is to be recovered`, { reason: "already_resolved", status: held.status });
  await releaseCapsule(tx, capsule.id, run.id);
  return ended;
}
