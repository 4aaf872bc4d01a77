import { type AuditInput, appendAuditAll, digestOfRow } from "@takosumi/db/audit";
import type { AuditRecord, Claim, RequestContext, Unit } from "@takosumi/transport/application";
import type { Resources } from "../resources.ts";
import { actorOf } from "./actor.ts";
import { sealAnswer, warmClaims } from "./claims.ts";
import { insertClaim, storeAnswer } from "./repository.ts";

/** The transaction of one call. The chain's head is locked last, right before the commit: writers of a Workspace wait no longer than that. */
export async function openUnit(resources: Pick<Resources, "db" | "keyring">, context: RequestContext): Promise<Unit> {
  await warmClaims(resources);
  const tx = await resources.db.begin();
  const events: AuditInput[] = [];
  let held: Claim | null = null;
  return {
    tx,
    async claim(claim) {
      const claimed = await insertClaim(tx, claim);
      if (claimed) held = claim;
      return claimed;
    },
    record(event) {
      events.push(auditOf(context, event));
    },
    async commit(answer) {
      if (held && answer) await storeAnswer(tx, held.principal_id, held.key, answer.status, await sealAnswer(resources, held, answer));
      await appendAuditAll(tx, events);
      await tx.commit();
    },
    rollback: () => tx.rollback(),
  };
}

function auditOf(
  { principal, method, located, request_id, address, user_agent }: RequestContext,
  { action, target, workspace_id, actor, metadata, row }: AuditRecord,
): AuditInput {
  const before = Object.values(located).find((one) => (one as { id?: unknown }).id === target.id);
  return {
    workspace_id,
    actor: actor ?? actorOf(principal),
    action,
    target,
    capsule_id: idIn(row, "capsule", target),
    run_id: idIn(row, "run", target),
    metadata,
    request_id,
    address,
    user_agent,
    before_digest: before ? digestOfRow(before) : null,
    after_digest: method === "DELETE" || row.id !== target.id ? null : digestOfRow(row),
  };
}

/** The Capsule or Run that an event is about: its target, or what the row belongs to. */
function idIn(row: object, type: "capsule" | "run", target: AuditRecord["target"]): string | null {
  if (target.type === type) return target.id;
  const id = (row as Readonly<Record<string, unknown>>)[`${type}_id`];
  return typeof id === "string" ? id : null;
}
