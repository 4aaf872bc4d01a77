import { allows, type Role } from "@takosumi/contracts/access";
import type { EffectivePolicy } from "@takosumi/contracts/deploy/policy";
import { forbiddenBy } from "@takosumi/contracts/deploy/provider-patterns";
import { namedBy } from "@takosumi/contracts/ids";
import type { Tx } from "@takosumi/db/db";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { approverRefused } from "./approval-rules.ts";
import { policyOf } from "./policy-of.ts";
import { approversOf } from "./queries/approvals.ts";
import { policyActor } from "./record.ts";

interface Given {
  readonly user_id: string;
  readonly user_name: string;
  readonly plan_digest: string | null;
  readonly role: Role | null;
}
export interface Lapsed {
  readonly code: "APPROVER_LOST_PERMISSION" | "APPROVALS_MISSING" | "AUTHOR_LOST_PERMISSION" | "POLICY_CHANGED";
  readonly message: string;
}

/** What somebody is in a Workspace. $1 Workspace, $2 user. Plan: members_pkey. */
const memberRole = statement("member_role", `SELECT role FROM members WHERE workspace_id = $1 AND user_id = $2`);

/** Why the approval of an apply does not stand now, by today's policy and today's roles; null where it does. In the transaction that would start it. */
export async function approvalLapsed(tx: Tx, plan: RunRow, capsule: CapsuleRow, run: RunRow): Promise<Lapsed | null> {
  const policy = await policyOf(tx, capsule);
  const automatic = run.approved_by === policyActor.id;
  const lapsed = automatic
    ? autoLapsed(policy, plan)
    : peopleLapsed(policy, plan, run, await tx.query<Given>(approversOf, [run.id, run.workspace_id]));
  return lapsed ?? providerLapsed(policy, plan) ?? makerLapsed(tx, automatic ? plan : run);
}

function providerLapsed(policy: EffectivePolicy, { provider_bindings }: RunRow): Lapsed | null {
  for (const { provider } of provider_bindings) {
    const forbidden = forbiddenBy(policy, provider);
    if (forbidden) return { code: "POLICY_CHANGED", message: `the policy does not let it use ${provider} any more (${forbidden.rule})` };
  }
  return null;
}

const autoLapsed = ({ auto_apply }: EffectivePolicy, { destroys }: RunRow): Lapsed | null =>
  auto_apply === "no_destroy" && destroys === false
    ? null
    : { code: "POLICY_CHANGED", message: "the policy does not apply this plan without an approval any more" };

function peopleLapsed(policy: EffectivePolicy, plan: RunRow, { kind }: RunRow, approvals: readonly Given[]): Lapsed | null {
  const needed = kind === "destroy" ? ["run:approve", "run:destroy"] : ["run:approve"];
  for (const { user_id: id, user_name, role, plan_digest } of approvals) {
    const mayNot = role === null || needed.some((permission) => !allows(role, permission));
    const refused = role && approverRefused(policy, { author: plan.actor_id, destroys: plan.destroys }, { id, role });
    if (mayNot || refused)
      return {
        code: "APPROVER_LOST_PERMISSION",
        message: `${user_name}, who approved it, may not approve it any more${refused ? `: ${refused.message}` : ""}`,
      };
    if (plan_digest !== plan.plan_digest) return { code: "APPROVALS_MISSING", message: `${user_name} approved another plan` };
  }
  return approvals.length >= policy.approvals
    ? null
    : { code: "APPROVALS_MISSING", message: `${approvals.length} of the ${policy.approvals} approvals that the policy wants were given` };
}

/** A member who is gone has nothing executed any more, whoever approved it. */
async function makerLapsed(tx: Tx, { workspace_id, actor }: RunRow): Promise<Lapsed | null> {
  if (actor.kind !== "user" && actor.kind !== "service") return null;
  // Takosumi itself is no member of anything.
  if (namedBy(actor.id) !== "user") return null;
  const role = (await tx.one<{ role: Role }>(memberRole, [workspace_id, actor.id]))?.role;
  return role && allows(role, "run:plan")
    ? null
    : { code: "AUTHOR_LOST_PERMISSION", message: `${actor.name}, who made it, may not plan here any more` };
}
