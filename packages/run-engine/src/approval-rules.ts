import { atLeast, type Role } from "@takosumi/contracts/access";
import type { EffectivePolicy } from "@takosumi/contracts/deploy/policy";
import type { RunRow } from "@takosumi/db/rows";

export interface Approver {
  readonly id: string;
  readonly role: Role;
}
export interface Refusal {
  readonly reason: "separate_author" | "destroy_role";
  readonly message: string;
}

/** Why the policy does not let this person approve this plan, beyond the permission; null where it does. The only place that says so. */
export function approverRefused(
  { separate_author, destroy_role }: Pick<EffectivePolicy, "separate_author" | "destroy_role">,
  { author, destroys }: { readonly author: string; readonly destroys: RunRow["destroys"] },
  { id, role }: Approver,
): Refusal | null {
  if (separate_author && id === author)
    return { reason: "separate_author", message: "The policy wants somebody other than who made the plan to approve it (separate_author)" };
  if (destroys && !atLeast(role, destroy_role))
    return {
      reason: "destroy_role",
      message: `The plan destroys, replaces or forgets resources: the policy wants the role ${destroy_role} for that (destroy_role), yours is ${role}`,
    };
  return null;
}
