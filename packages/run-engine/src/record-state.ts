import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import type { Tx } from "@takosumi/db/db";
import type { StateVersionRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { staleOnStateChange } from "./stale.ts";

export interface NewState {
  readonly workspace_id: string;
  readonly capsule_id: string;
  /** The version that this one follows, by which it is compared and swapped. */
  readonly previous_id: string | null;
  readonly serial: number;
  readonly lineage: string;
  readonly digest: string;
  readonly size_bytes: number;
  readonly resource_count: number | null;
  readonly outputs: readonly object[];
  readonly run_id: string | null;
  /** The tool that wrote it; null where nobody knows. */
  readonly tool: { readonly name: string; readonly version: string } | null;
  /** Where it came from; a Run, where nothing is said. */
  readonly origin?: StateVersionRow["origin"];
  /** Who brought it, where no Run did. */
  readonly actor?: StateVersionRow["actor"];
  /** The version that it goes back to. */
  readonly rolled_back_to?: string;
}

/**
 * Appends a version and makes it the current one, only where the current one is still the one before it.
 * $1 id … $10 run, $11 tool name, $12 tool version, $13 the version before, $14 origin, $15 actor, $16 rolled back to. No row: a lost race. Plan: the Capsule by primary key, one insert.
 */
const append = statement(
  "state_append",
  `WITH swapped AS (
     UPDATE capsules SET current_state_version_id = $1, resource_count = $8, updated_at = now(),
       status = CASE WHEN $8 = 0 THEN status ELSE 'active' END,
       state_tool_name = coalesce($11, state_tool_name), state_tool_version = coalesce($12, state_tool_version)
     WHERE id = $3 AND current_state_version_id IS NOT DISTINCT FROM $13
     RETURNING id
   )
   INSERT INTO state_versions (id, workspace_id, capsule_id, previous_id, serial, lineage, digest, size_bytes, resource_count, outputs, run_id, origin, actor, rolled_back_to)
   SELECT $1, $2, swapped.id, $13, $4, $5, $6, $7, $8, $9::jsonb, $10, $14, $15::jsonb, $16 FROM swapped
   RETURNING *`,
);

/** The new current state. 409 `lost_race` where another was recorded meanwhile; waiting Runs on the old one become stale. */
export async function recordState(tx: Tx, state: NewState): Promise<StateVersionRow> {
  const id = newId("sv_");
  const version = await tx.one<StateVersionRow>(append, [
    id,
    state.workspace_id,
    state.capsule_id,
    state.serial,
    state.lineage,
    state.digest,
    state.size_bytes,
    state.resource_count,
    JSON.stringify(state.outputs),
    state.run_id,
    state.tool?.name ?? null,
    state.tool?.version ?? null,
    state.previous_id,
    state.origin ?? "run",
    state.actor ? JSON.stringify(state.actor) : null,
    state.rolled_back_to ?? null,
  ]);
  if (!version) throw new ApiError("CONFLICT", "Another state was recorded meanwhile", { reason: "lost_race" });
  await staleOnStateChange(tx, state.capsule_id, { run_id: state.run_id, serial: state.serial });
  return version;
}
