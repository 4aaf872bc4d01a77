import { ApiError } from "@takosumi/contracts/errors";
import type { Actor } from "@takosumi/contracts/deploy/run";
import type { CapsuleRow } from "@takosumi/db/rows";
import { heldBy } from "@takosumi/run-engine/conflicts";
import type { Tx } from "../../world.ts";
import { buryCapsule, holdCapsule, lockCapsule, openRunOf, unlockCapsule } from "./repository.ts";

async function hold(tx: Tx, { id }: Pick<CapsuleRow, "id">): Promise<CapsuleRow> {
  const capsule = await holdCapsule(tx, id);
  if (!capsule) throw new ApiError("NOT_FOUND", "There is no such capsule");
  return capsule;
}

/** Leaves a tombstone: states and audit stay. `force` gives resources up, and never bypasses a Run or a lock. */
export async function removeCapsule(tx: Tx, given: CapsuleRow, force: boolean): Promise<CapsuleRow> {
  const capsule = await hold(tx, given);
  const held = heldBy(capsule, null);
  if (held) throw held;
  const run = await openRunOf(tx, capsule.id);
  if (run) throw new ApiError("CONFLICT", `Run ${run.id} is ${run.status}: end it first`, { reason: "run_active", run_id: run.id });
  if (!force && (capsule.resource_count ?? (capsule.current_state_version_id === null ? 0 : 1)) > 0)
    throw new ApiError("CONFLICT", `The Capsule holds ${capsule.resource_count ?? "some"} resources: destroy them first, or leave them behind with force=true`, {
      reason: "not_empty",
      resource_count: capsule.resource_count,
    });
  return (await buryCapsule(tx, capsule.id)) ?? capsule;
}

export async function lock(tx: Tx, given: CapsuleRow, actor: Actor, reason: string): Promise<CapsuleRow> {
  const capsule = await hold(tx, given);
  const held = heldBy(capsule, null);
  if (held) throw held;
  return lockCapsule(tx, capsule.id, actor, reason);
}

/** Takes a person's lock away; that of a Run ends with the Run, or by its recovery. */
export async function unlock(tx: Tx, given: CapsuleRow): Promise<CapsuleRow> {
  const capsule = await hold(tx, given);
  if (capsule.lock_run_id !== null)
    throw new ApiError("CONFLICT", `Run ${capsule.lock_run_id} holds the Capsule: it lets go when it ends, or is recovered`, { reason: "locked", run_id: capsule.lock_run_id });
  if (capsule.lock_actor === null) throw new ApiError("CONFLICT", "Nobody has locked the Capsule", { reason: "not_locked" });
  return unlockCapsule(tx, capsule.id);
}
