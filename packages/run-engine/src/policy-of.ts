import { type EffectivePolicy, effectivePolicy, type Policy } from "@takosumi/contracts/deploy/policy";
import type { Queries } from "@takosumi/db/db";
import type { CapsuleRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";

const projectPolicy = statement("project_policy", `SELECT policy FROM projects WHERE id = $1`);

/** What a Capsule and its Project together ask of a Run now. */
export async function policyOf(db: Queries, { project_id, policy }: Pick<CapsuleRow, "project_id" | "policy">): Promise<EffectivePolicy> {
  const project = await db.one<{ policy: Policy }>(projectPolicy, [project_id]);
  return effectivePolicy(project?.policy ?? {}, policy);
}
