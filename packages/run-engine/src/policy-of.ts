import { type EffectivePolicy, effectivePolicy, type Policy } from "@takosumi/contracts/deploy/policy";
import type { Queries } from "@takosumi/db/db";
import type { CapsuleRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";

const projectPolicy = statement("project_policy", `SELECT policy FROM projects WHERE id = $1`);

// Plan: capsules_pkey, projects_pkey.
const bothPolicies = statement(
  "capsule_policies",
  `SELECT p.policy AS project, c.policy AS capsule FROM capsules c JOIN projects p ON p.id = c.project_id WHERE c.id = $1`,
);
export async function policyOfCapsule(db: Queries, id: string): Promise<EffectivePolicy> {
  const both = await db.one<{ project: Policy; capsule: Policy }>(bothPolicies, [id]);
  return effectivePolicy(both?.project ?? {}, both?.capsule ?? {});
}

/** What a Capsule and its Project together ask of a Run now. */
export async function policyOf(db: Queries, { project_id, policy }: Pick<CapsuleRow, "project_id" | "policy">): Promise<EffectivePolicy> {
  const project = await db.one<{ policy: Policy }>(projectPolicy, [project_id]);
  return effectivePolicy(project?.policy ?? {}, policy);
}
