import { atLeast, type Permission, type Role } from "@takosumi/contracts/access";
import { type EffectivePolicy, effectivePolicy, type Policy } from "@takosumi/contracts/deploy/policy";
import { ApiError } from "@takosumi/contracts/errors";
import { canonicalJson } from "@takosumi/db/canonical-json";
import type { Queries } from "@takosumi/db/db";
import { hasPool } from "./runner-pools/repository.ts";

/** Who asks for a change of a policy. */
export interface PolicyRights {
  readonly role: Role;
  readonly may: (permission: Permission) => boolean;
}
interface Levels {
  readonly project: Policy;
  readonly capsule: Policy;
}

/**
 * A policy says what an approval is worth, so that only who may approve sets it; and who is below the role that may destroy does not
 * lower that role. FORBIDDEN otherwise. Sending the same again is no change.
 */
export function refusePolicyChange({ role, may }: PolicyRights, before: Levels, after: Levels): void {
  if (canonicalJson(before) === canonicalJson(after)) return;
  if (!may("run:approve"))
    throw new ApiError("FORBIDDEN", "Your role or token does not include run:approve, which changing a policy needs", {
      reason: "role",
      permission: "run:approve",
      fields: [{ path: "policy", message: "needs run:approve" }],
    });
  const [was, becomes] = [effective(before).destroy_role, effective(after).destroy_role];
  if (was !== becomes && !atLeast(role, was))
    throw new ApiError("FORBIDDEN", `Only the role ${was} may lower destroy_role from ${was} to ${becomes}; yours is ${role}`, {
      reason: "destroy_role",
      fields: [{ path: "policy.destroy_role", message: `needs the role ${was}` }],
    });
}

/** 404 naming the field where the policy names a pool that is neither the Workspace's nor `default`: foreign and missing alike. */
export async function refuseUnknownPool(db: Queries, workspaceId: string, { runner_pool: name }: Policy): Promise<void> {
  if (name === undefined || name === "default" || (await hasPool(db, workspaceId, name))) return;
  const message = `There is no such runner pool: ${name}`;
  throw new ApiError("NOT_FOUND", `policy.runner_pool: ${message}`, { fields: [{ path: "policy.runner_pool", message }] });
}

const effective = ({ project, capsule }: Levels): EffectivePolicy => effectivePolicy(project, capsule);
