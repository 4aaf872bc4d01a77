import type { Actor } from "@takosumi/contracts/deploy/run";
import { appendAudit } from "@takosumi/db/audit";
import type { Tx } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";

/** The engine itself, where no person and no runner acts. */
export const engineActor: Actor = { id: "engine", kind: "service", name: "run engine" };
/** Who approves where the policy wants nobody to. */
export const policyActor: Actor = { id: "policy", kind: "service", name: "policy" };
export const runnerActor = (id: string): Actor => ({ id, kind: "runner", name: id });

/** The AuditEvent of something that happened to a Run, as the last statement of its transaction. */
export const recordRun = async (
  tx: Tx,
  run: RunRow,
  action: `run.${string}`,
  actor: Actor,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<void> => {
  await appendAudit(tx, {
    workspace_id: run.workspace_id,
    actor,
    action,
    target: { type: "run", id: run.id },
    capsule_id: run.capsule_id,
    run_id: run.id,
    metadata: { kind: run.kind, status: run.status, ...metadata },
  });
};
