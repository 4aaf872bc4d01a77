import { allows, type Role, roles } from "@takosumi/contracts/access";
import { effectivePolicy, type Policy } from "@takosumi/contracts/deploy/policy";
import type { RunStatus } from "@takosumi/contracts/deploy/run";
import { newId, prefixes } from "@takosumi/contracts/ids";
import type { WebhookEvent } from "@takosumi/contracts/notifications/types";
import type { Tx } from "@takosumi/db/db";
import { type NotificationInput, tell } from "@takosumi/db/notifications";
import type { RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { queueEvents } from "@takosumi/db/webhook-events";
import { approverRefused } from "./approval-rules.ts";
import { wordsFor } from "./told-words.ts";

/** Which status of a Run people are told of, and as what. */
const told: Readonly<Partial<Record<RunStatus, WebhookEvent>>> = {
  planned: "run.approval_needed",
  awaiting_approval: "run.approval_needed",
  blocked: "run.blocked",
  needs_recovery: "run.needs_recovery",
  failed: "run.failed",
  succeeded: "run.completed",
};

interface Surroundings {
  readonly capsule: string;
  readonly capsule_policy: Policy;
  readonly project_policy: Policy;
  /** Who made the plan. */
  readonly author: string;
  readonly approvers: readonly string[] | null;
  readonly webhooks: readonly string[] | null;
}
/** $1 run, $2 the status that it must still have, $3 the event. Plan: primary keys, webhooks_page_idx. */
const surroundings = statement(
  "told_surroundings",
  `SELECT c.name AS capsule, c.policy AS capsule_policy, p.policy AS project_policy, coalesce(plan.actor_id, r.actor_id) AS author,
     (SELECT array_agg(a.user_id) FROM approvals a WHERE a.run_id = r.id) AS approvers,
     (SELECT array_agg(w.id) FROM webhooks w WHERE w.workspace_id = r.workspace_id AND w.active AND $3 = ANY (w.events)) AS webhooks
   FROM runs r JOIN capsules c ON c.id = r.capsule_id JOIN projects p ON p.id = r.project_id LEFT JOIN runs plan ON plan.id = r.plan_run_id
   WHERE r.id = $1 AND r.status = $2`,
);
interface Member {
  readonly user_id: string;
  readonly role: Role;
}
/** Those members of a Workspace that have one of these roles or are named, at most 500. $1 workspace, $2 roles, $3 people. Plan: members_pkey. */
const members = statement(
  "told_members",
  `SELECT user_id, role FROM members WHERE workspace_id = $1 AND (role = ANY ($2::text[]) OR user_id = ANY ($3::text[])) ORDER BY user_id LIMIT 500`,
);
const having = (permission: string) => (Object.keys(roles) as Role[]).filter((role) => allows(role, permission));
const approving = having("run:approve");
const recovering = having("run:recover");

/**
 * Tells people and webhooks whom it concerns what became of a Run, in the transaction that moved it there: each person once for a Run and a type. Nothing is
 * told of a Run that has moved on in the same transaction.
 */
export async function tellOfRun(tx: Tx, run: RunRow): Promise<void> {
  const type = told[run.status];
  if (type === undefined) return;
  const around = await tx.one<Surroundings>(surroundings, [run.id, run.status, type]);
  if (!around) return;
  const people = await concerned(tx, type, run, around);
  const words = wordsFor(type, run, around.capsule);
  const data = dataOf(run, around.capsule);
  const about = { workspace_id: run.workspace_id, type, subject: run.id };
  const event = { ...about, event_id: newId(prefixes.event), data: { ...words, ...data } };
  await queueEvents(
    tx,
    (around.webhooks ?? []).map((webhook_id) => ({ ...event, id: newId(prefixes.webhook_delivery), webhook_id })),
  );
  await tell(
    tx,
    people.map((user_id): NotificationInput => ({ id: newId(prefixes.notification), user_id, run_id: run.id, ...about, ...words, data })),
  );
}

/** Only members: whoever left the Workspace hears nothing of it. */
async function concerned(tx: Tx, type: WebhookEvent, run: RunRow, around: Surroundings): Promise<string[]> {
  const actors = [run.actor_id, around.author];
  const found = (withRoles: readonly Role[], named: readonly string[]) => tx.query<Member>(members, [run.workspace_id, withRoles, named]);
  switch (type) {
    case "run.approval_needed": {
      const policy = effectivePolicy(around.project_policy, around.capsule_policy);
      const allowed = await found(approving, []);
      return allowed
        .filter(
          ({ user_id: id, role }) => approverRefused(policy, { author: around.author, destroys: run.destroys }, { id, role }) === null,
        )
        .filter(({ role }) => run.mode !== "destroy" || allows(role, "run:destroy"))
        .map(({ user_id }) => user_id);
    }
    case "run.blocked":
    case "run.needs_recovery":
      return (await found(recovering, actors)).map(({ user_id }) => user_id);
    case "run.failed":
    case "run.completed":
      return (await found([], [...actors, ...(around.approvers ?? [])])).map(({ user_id }) => user_id);
  }
}

/** What programs read of it: ids and names, never a value. */
const dataOf = (run: RunRow, capsule: string) => ({
  run_id: run.id,
  plan_run_id: run.plan_run_id,
  project_id: run.project_id,
  capsule_id: run.capsule_id,
  capsule_name: capsule,
  kind: run.kind,
  mode: run.mode,
  status: run.status,
  error_code: run.error?.code ?? null,
});
