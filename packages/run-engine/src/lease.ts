import { type ApiError, type Details, Trespass } from "@takosumi/contracts/errors";
import type { Lease } from "@takosumi/contracts/runner/lease";
import type { Queries } from "@takosumi/db/db";
import type { RunRow, SourceSnapshotRow, StateVersionRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { conflict } from "./conflicts.ts";
import { policyOfCapsule } from "./policy-of.ts";
import { leasedBrief } from "./queries/lease.ts";
import { runById, sourceSnapshot, stateVersion } from "./queries/snapshot.ts";
import type { AuditOrigin } from "./record.ts";
import type { EngineResources } from "./resources.ts";
import type { SourceAccess } from "./source-access.ts";
import { isLeased } from "./transitions.ts";
import { openSealedSet } from "./variables.ts";

/** What a runner shows with every call about a Run. */
export interface Held {
  readonly run_id: string;
  readonly runner_id: string;
  readonly epoch: number;
  /** From where it called. */
  readonly from?: AuditOrigin;
}

export const lostLease = (run: string): ApiError =>
  conflict(`Run ${run} is not this runner's any more: stop, and keep nothing of it`, { reason: "old_epoch" });

/** The Run of a lease that is held. 404 for a Run that is not there or is another's, 409 `old_epoch` for a lease that is over: a Trespass. */
export const heldRun = async (db: Queries, held: Held): Promise<RunRow> => checked(await db.one<RunRow>(runById, [held.run_id]), held);

export type BriefRun = Pick<
  RunRow,
  "id" | "workspace_id" | "plan_run_id" | "base_lineage" | "runner_sequence" | "lease_epoch" | "lease_runner_id" | "status"
>;
/** The same check, and of the Run what a frequent call needs. */
export const heldBrief = async (db: Queries, held: Held): Promise<BriefRun> =>
  checked(await db.one<BriefRun>(leasedBrief, [held.run_id]), held);

function checked<R extends BriefRun>(run: R | null, { run_id, runner_id, epoch }: Held): R {
  const tried = { run_id, runner_id, epoch };
  if (!run || run.lease_runner_id !== runner_id) throw new Trespass(run?.workspace_id ?? null, tried, "NOT_FOUND", "There is no such run");
  if (run.lease_epoch !== epoch || !isLeased(run.status)) {
    const { message, details } = lostLease(run_id);
    throw new Trespass(run.workspace_id, tried, "CONFLICT", message, details as Details<"CONFLICT">);
  }
  return run;
}

const artifact = (digest: string | null, size: number | null) => ({ digest: digest ?? "", size_bytes: size ?? 0 });

/** Whether a Capsule binds any connection. $1 Capsule. Plan: connection_uses_capsule_id_idx. */
const usesConnections = statement("lease_uses_connections", `SELECT 1 AS one FROM connection_uses WHERE capsule_id = $1 LIMIT 1`);
/** By the clock that set the deadline. $1 deadline. */
const secondsLeft = statement("lease_seconds_left", `SELECT greatest(extract(epoch FROM $1::timestamptz - now()), 0)::float8 AS seconds`);
const gitOf = ({ url, ref, known_hosts }: NonNullable<RunRow["git_source"]>, access: SourceAccess | undefined) => ({
  url,
  ref,
  known_hosts: [...known_hosts],
  credential: access?.git ?? null,
});
const modulesOf = ({ module_credentials }: RunRow, access: SourceAccess | undefined) =>
  module_credentials.flatMap(({ host, kind, known_hosts }) => {
    const value = access?.modules.find((one) => one.host === host && one.kind === kind)?.value;
    return value === undefined ? [] : [{ host, kind, known_hosts: [...known_hosts], value }];
  });

/** What a Run stands on: the plan that it executes, itself where it is one, and its source where that is known. */
export interface Basis {
  readonly plan: RunRow;
  readonly source: SourceSnapshotRow | null;
}
export async function basisOf(db: Queries, run: RunRow): Promise<Basis> {
  const [plan, source] = await Promise.all([
    run.plan_run_id === null ? run : db.one<RunRow>(runById, [run.plan_run_id]),
    run.source_snapshot_id === null ? null : db.one<SourceSnapshotRow>(sourceSnapshot, [run.source_snapshot_id]),
  ]);
  if (!plan) throw new Error(`The plan ${run.plan_run_id} of Run ${run.id} is gone`);
  return { plan, source };
}

/** Everything that a runner needs for a Run, in plaintext: for its answer only. */
export async function leaseOf(
  { db, keyring }: Pick<EngineResources, "db" | "keyring">,
  run: RunRow,
  basis: Promise<Basis> = basisOf(db, run),
): Promise<Lease> {
  const [{ plan, source }, base, policy, left] = await Promise.all([
    basis,
    run.base_state_version_id === null ? null : db.one<StateVersionRow>(stateVersion, [run.base_state_version_id]),
    run.plan_run_id === null ? policyOfCapsule(db, run.capsule_id) : null,
    db.one<{ seconds: number }>(secondsLeft, [run.deadline_at]),
  ]);
  const sealed = run.kind !== "plan";
  const bound = sealed
    ? plan.provider_bindings.some(({ connection_id }) => connection_id !== null)
    : (await db.one(usesConnections, [run.capsule_id])) !== null;
  const { tofu, env, secrets, access } = await openSealedSet(keyring, plan);
  return {
    run_id: run.id,
    epoch: run.lease_epoch,
    kind: run.kind,
    mode: run.mode,
    workspace_id: run.workspace_id,
    capsule_id: run.capsule_id,
    plan_run_id: run.plan_run_id,
    module_path: run.module_path,
    targets: [...run.targets],
    replace: [...run.replace_addresses],
    source: source && { digest: source.digest, size_bytes: source.size_bytes },
    git: sealed || source || !run.git_source ? null : gitOf(run.git_source, access),
    modules: modulesOf(plan, access),
    base: {
      lineage: run.base_lineage,
      serial: run.base_serial,
      digest: run.base_digest,
      size_bytes: base?.size_bytes ?? 0,
      stored: base !== null,
    },
    tool: {
      name: sealed ? plan.tool_name : run.tool_name,
      version: sealed ? plan.tool_version : run.tool_version,
      digest: sealed ? plan.tool_digest : null,
      least: sealed ? null : run.least_tool_version,
    },
    sealed: sealed
      ? {
          plan: artifact(plan.plan_digest, plan.plan_size_bytes),
          work: artifact(plan.work_digest, plan.work_size_bytes),
          work_tree_digest: plan.work_tree_digest ?? "",
          lock_digest: plan.provider_lock_digest ?? "",
        }
      : null,
    variables: { tofu: { ...tofu }, env: { ...env } },
    secrets: [...secrets],
    bound,
    provider_rules: policy && { allowed_providers: policy.allowed_providers, denied_providers: policy.denied_providers },
    last_sequence: run.runner_sequence,
    cancel: run.cancel_requested_at !== null,
    expires_at: (run.lease_expires_at ?? new Date()).toISOString(),
    seconds_left: left?.seconds ?? 0,
  };
}
