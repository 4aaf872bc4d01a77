import type { Actor } from "@takosumi/contracts/deploy/run";
import { ApiError } from "@takosumi/contracts/errors";
import type { CapsuleRow } from "@takosumi/db/rows";
import { conflict, heldBy } from "@takosumi/run-engine/conflicts";
import type { Tx } from "../../world.ts";
import { buryCapsule, holdCapsule, type InheritingCapsule, lockCapsule, openRun, unlockCapsule } from "./repository.ts";

async function held(tx: Tx, id: string): Promise<CapsuleRow> {
  const row = await holdCapsule(tx, id);
  if (!row) throw new ApiError("NOT_FOUND", "There is no such capsule");
  return row;
}

/** Never while a Run of it has not ended or somebody holds it, forced or not; with resources only by force, which leaves them behind. */
export async function removeCapsule(tx: Tx, id: string, force: boolean): Promise<CapsuleRow> {
  const capsule = await held(tx, id);
  const run = await openRun(tx, id);
  if (run?.status === "needs_recovery")
    throw conflict(`Run ${run.id} of this Capsule needs recovery: recover it first`, { reason: "recovery_open", run_id: run.id });
  if (run)
    throw conflict(`Run ${run.id} of this Capsule is ${run.status}: wait for its end, cancel or discard it`, {
      reason: "run_active",
      run_id: run.id,
    });
  const holder = heldBy(capsule, null);
  if (holder) throw holder;
  if (!force && holdsResources(capsule)) {
    const { resource_count } = capsule;
    const count = resource_count === null ? "resources" : `${resource_count} resource${resource_count === 1 ? "" : "s"}`;
    throw conflict(`This Capsule has ${count}: destroy them first, or delete it with force=true, which leaves them behind unmanaged`, {
      reason: "not_empty",
      resource_count: capsule.resource_count,
    });
  }
  return buryCapsule(tx, capsule);
}

/** A state whose resources nobody has counted yet may hold some. */
const holdsResources = ({ resource_count, current_state_version_id, status }: CapsuleRow): boolean =>
  resource_count === null ? current_state_version_id !== null && status !== "destroyed" : resource_count > 0;

export async function lock(tx: Tx, id: string, actor: Actor, reason: string): Promise<InheritingCapsule> {
  const holder = heldBy(await held(tx, id), null);
  if (holder) throw holder;
  return lockCapsule(tx, id, actor, reason);
}

/** A Run's lock ends with the Run or by its recovery, never by hand. */
export async function unlock(tx: Tx, id: string): Promise<InheritingCapsule> {
  const capsule = await held(tx, id);
  if (capsule.lock_run_id !== null)
    throw conflict(`Capsule ${id} is held by Run ${capsule.lock_run_id}: it is let go when that Run ends or is recovered`, {
      reason: "locked",
      run_id: capsule.lock_run_id,
    });
  if (capsule.lock_actor === null) throw conflict(`Capsule ${id} is not locked`, { reason: "not_locked" });
  return unlockCapsule(tx, id);
}
