import type { Plan } from "@takosumi/contracts/deploy/plan";
import type { Run } from "@takosumi/contracts/deploy/run";
import type { RunRow } from "@takosumi/db/rows";
import type { z } from "zod";
import { actionsOf } from "./actions.ts";
import type { Beside } from "./repository.ts";
import type { Caller } from "./service.ts";

type Shown = z.infer<typeof Run>;
type PlanShown = z.infer<typeof Plan>;
const time = (at: Date | null): string | null => at?.toISOString() ?? null;

/** A Run as `caller` sees it. The only way out for a Run's row. */
export function shown(run: RunRow, beside: Beside, queue: Shown["queue"], caller: Caller): Shown {
  return {
    id: run.id,
    workspace_id: run.workspace_id,
    project_id: run.project_id,
    capsule_id: run.capsule_id,
    kind: run.kind,
    mode: run.mode,
    status: run.status,
    phase: run.phase,
    phases: run.phases,
    queue,
    actions: actionsOf(run, beside, caller),
    message: run.message,
    targets: [...run.targets],
    replace: [...run.replace_addresses],
    source_snapshot: beside.snapshot,
    git: run.git_source && { url: run.git_source.url, ref: run.git_source.ref, path: run.git_source.path },
    module_credentials: run.module_credentials.map(({ host, kind }) => ({ host, kind })),
    config_revision: run.config_revision,
    variables: run.variables as Shown["variables"],
    tool: run.tool_name && { name: run.tool_name, version: run.tool_version },
    provider_lock_digest: run.provider_lock_digest,
    provider_bindings: run.provider_bindings,
    injected_env: run.injected_env,
    isolation: run.isolation,
    runner: beside.runner,
    plan: planOf(run, beside),
    apply: run.apply_result as Shown["apply"],
    base_state_version_id: run.base_state_version_id,
    state_version_id: run.state_version_id,
    plan_run_id: run.plan_run_id,
    apply_run_id: run.apply_run_id,
    retry_of_run_id: run.retry_of_run_id,
    actor: run.actor,
    approval: { required: run.approvals_required, given: beside.approvals },
    approved_by: run.approved_by,
    approved_at: time(run.approved_at),
    error: run.error,
    recovery: run.recovery,
    created_at: run.created_at.toISOString(),
    queued_at: time(run.queued_at),
    started_at: time(run.started_at),
    finished_at: time(run.finished_at),
    expires_at: time(run.expires_at),
    audit: { first_event_id: beside.first_event_id, last_event_id: beside.last_event_id },
  };
}

/** The plan of a plan Run; an apply shows where it was planned by `plan_run_id`. */
function planOf(run: RunRow, { changes }: Beside): PlanShown | null {
  if (run.kind !== "plan" || run.plan_digest === null || run.plan_result === null) return null;
  const result = run.plan_result as Omit<
    PlanShown,
    "digest" | "size_bytes" | "has_changes" | "resource_changes" | "truncated" | "expires_at"
  >;
  return {
    ...result,
    digest: run.plan_digest,
    size_bytes: run.plan_size_bytes ?? 0,
    has_changes: run.has_changes ?? false,
    resource_changes: changes as PlanShown["resource_changes"],
    truncated: changes.length < result.change_count,
    expires_at: time(run.expires_at),
  };
}
