import { ApiError, type Details } from "@takosumi/contracts/errors";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";

export const conflict = (message: string, details: Details<"CONFLICT">): ApiError => new ApiError("CONFLICT", message, details);

/** Why a plan cannot be executed any more, by what became of it. */
export function unusable(run: Pick<RunRow, "id" | "status" | "apply_run_id" | "error">): ApiError {
  const since = run.error?.message ? `: ${run.error.message}` : "";
  switch (run.status) {
    case "stale":
      return conflict(`Run ${run.id} is stale${since}. Plan again`, { reason: "stale" });
    case "expired":
      return conflict(`Run ${run.id} has expired. Plan again`, { reason: "expired" });
    case "discarded":
      return conflict(`Run ${run.id} was discarded. Plan again`, { reason: "discarded" });
    case "approved":
      return conflict(`Run ${run.id} was approved and is used by Run ${run.apply_run_id}. Plan again`, {
        reason: "already_applied",
        run_id: run.apply_run_id,
      });
    default:
      return conflict(`Run ${run.id} is ${run.status}: only a planned plan can be executed`, { reason: "not_planned" });
  }
}

/** Who holds a Capsule: 409 naming that Run, or the person and the reason. Null where nobody does. */
export function heldBy(
  capsule: Pick<CapsuleRow, "id" | "lock_run_id" | "lock_reason" | "lock_actor">,
  self: string | null,
): ApiError | null {
  if (capsule.lock_run_id !== null && capsule.lock_run_id !== self)
    return conflict(`Capsule ${capsule.id} is held by Run ${capsule.lock_run_id}: wait for it, or recover it`, {
      reason: "locked",
      run_id: capsule.lock_run_id,
    });
  if (capsule.lock_actor !== null)
    return conflict(`Capsule ${capsule.id} is locked by ${capsule.lock_actor.name}: ${capsule.lock_reason}. Unlock it first`, {
      reason: "locked",
      actor: { id: capsule.lock_actor.id, name: capsule.lock_actor.name },
    });
  return null;
}
