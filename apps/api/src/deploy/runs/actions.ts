import type { Permission } from "@takosumi/contracts/access";
import { effectivePolicy } from "@takosumi/contracts/deploy/policy";
import type { ActionName, Run } from "@takosumi/contracts/deploy/run";
import type { RunRow } from "@takosumi/db/rows";
import { approverRefused } from "@takosumi/run-engine/approval-rules";
import { isTerminal } from "@takosumi/run-engine/transitions";
import type { z } from "zod";
import type { Beside } from "./repository.ts";
import type { Caller } from "./service.ts";

type Action = z.infer<typeof Run>["actions"][number];
type Refusal = Pick<Action, "why_not" | "reason" | "run_id" | "permission">;

const no = (why_not: string, reason: string, rest: Partial<Refusal> = {}): Refusal => ({
  why_not,
  reason,
  run_id: null,
  permission: null,
  ...rest,
});

const permissions: { readonly [A in ActionName]: Permission } = {
  approve: "run:approve",
  discard: "run:plan",
  cancel: "run:cancel",
  retry: "run:plan",
  recover: "run:recover",
};

/** What this caller may do with a Run now, and for each thing that may not be done, why. */
export function actionsOf(run: RunRow, beside: Beside, caller: Caller): Action[] {
  return (Object.keys(permissions) as ActionName[]).map((name) => {
    const refused =
      impossible(name, run, beside) ?? forbidden(name, run, caller) ?? (name === "approve" ? unneeded(run, beside, caller) : null);
    return { name, allowed: refused === null, ...(refused ?? { why_not: null, reason: null, run_id: null, permission: null }) };
  });
}

function forbidden(name: ActionName, run: RunRow, { may }: Caller): Refusal | null {
  const needed = name === "approve" && run.mode === "destroy" ? [permissions[name], "run:destroy" as const] : [permissions[name]];
  const missing = needed.find((permission) => !may(permission));
  return missing
    ? no(`Needs ${missing}, which your role or token does not include: ask an admin of the Workspace`, "permission", {
        permission: missing,
      })
    : null;
}

/** What the policy says of this caller's approval. */
function unneeded(run: RunRow, beside: Beside, { id, role }: Caller): Refusal | null {
  const policy = effectivePolicy(beside.project_policy, beside.capsule_policy);
  const refused = approverRefused(policy, { author: beside.author, destroys: run.destroys }, { id, role });
  if (refused) return no(refused.message, refused.reason);
  if (!beside.approvals.some(({ user }) => user.id === id)) return null;
  const missing = policy.approvals - beside.approvals.length;
  return no(`You approved it. Needs ${missing} more ${missing === 1 ? "approval" : "approvals"}, of somebody else`, "approvals_missing");
}

function impossible(
  name: ActionName,
  run: RunRow,
  { expired, lock_run_id, lock_actor, lock_reason, capsule_deleted }: Beside,
): Refusal | null {
  const is = (...statuses: RunRow["status"][]) => statuses.includes(run.status);
  const over = isTerminal(run.kind, run.status);
  switch (name) {
    case "approve":
      if (!is("planned", "awaiting_approval"))
        return no(
          run.status === "stale" ? "The plan is stale: plan again" : `The Run is ${run.status}`,
          run.status === "stale" ? "stale" : "not_planned",
        );
      if (expired) return no("The plan has expired: plan again", "expired");
      if (lock_run_id !== null && lock_run_id !== run.id)
        return no(`The Capsule is held by Run ${lock_run_id}`, "locked", { run_id: lock_run_id });
      return lock_actor ? no(`The Capsule is locked by ${lock_actor.name}: ${lock_reason}`, "locked") : null;
    case "discard":
      return is("planned", "awaiting_approval")
        ? null
        : no(over ? `The Run is ${run.status}` : "The Run is under way: cancel it", "not_planned");
    case "cancel":
      if (run.cancel_requested_at && is("running")) return no("It is being cancelled", "cancelling");
      return is("queued", "running", "planned", "awaiting_approval") ? null : no(`The Run is ${run.status}`, "terminal");
    case "retry":
      if (capsule_deleted) return no("The Capsule was deleted", "terminal");
      if (run.kind === "plan") return over || is("planned") ? null : no("The plan is not over yet", "run_active", { run_id: run.id });
      if (!over) return no("The Run is not over yet", "run_active", { run_id: run.id });
      return run.started_at === null ? null : no("It had started: plan again", "plan_again");
    case "recover":
      return is("needs_recovery") ? null : no("Nothing is to be recovered", "already_resolved");
  }
}
