import type { Actor } from "@takosumi/contracts/deploy/run";
import { type AuditInput, appendAudit, deferAudit } from "@takosumi/db/audit";
import type { Tx } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";
import { evidenceOf } from "./evidence.ts";
import { tellOfRun } from "./tell.ts";

/** The engine itself, where no person and no runner acts. */
export const engineActor: Actor = { id: "engine", kind: "service", name: "run engine" };
/** Who approves where the policy wants nobody to. */
export const policyActor: Actor = { id: "policy", kind: "service", name: "policy" };
/** Who acts, and from where. */
export type By = Actor & { readonly from?: AuditOrigin | undefined };
export type AuditOrigin = Pick<AuditInput, "request_id" | "address" | "user_agent">;
export const runnerActor = ({ runner_id: id, from }: { readonly runner_id: string; readonly from?: AuditOrigin | undefined }): By => ({
  id,
  kind: "runner",
  name: id,
  from,
});

type Action = `run.${string}`;
type Metadata = Readonly<Record<string, unknown>>;

/** What happened to a Run: told to whom it concerns, and its AuditEvent as the last statement of its transaction. */
export const recordRun = async (
  tx: Tx,
  run: RunRow,
  action: Action,
  by: By,
  metadata: Metadata = {},
  digests: Pick<AuditInput, "before_digest" | "after_digest"> = {},
): Promise<void> => {
  await tellOfRun(tx, run);
  const evidence = evidenceOf(run);
  await appendAudit(tx, { ...eventOf(run, action, by, { ...metadata, ...(evidence && { evidence }) }), ...digests });
};

/** What a change does to other Runs, recorded with the event of that change itself. */
export const recordAside = (tx: Tx, runs: readonly RunRow[], action: Action, metadata: Metadata): void =>
  deferAudit(
    tx,
    runs.map((run) => eventOf(run, action, engineActor, metadata)),
  );

const eventOf = (run: RunRow, action: Action, { from, ...actor }: By, metadata: Metadata): AuditInput => ({
  workspace_id: run.workspace_id,
  actor,
  action,
  target: { type: "run", id: run.id },
  capsule_id: run.capsule_id,
  run_id: run.id,
  metadata: { kind: run.kind, status: run.status, ...metadata },
  request_id: from?.request_id ?? null,
  address: from?.address ?? null,
  user_agent: from?.user_agent ?? null,
});
