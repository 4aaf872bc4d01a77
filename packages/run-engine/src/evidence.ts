import type { RunRow } from "@takosumi/db/rows";

/** Statuses that a Run is recorded in with all that it was and did. */
const told = new Set<RunRow["status"]>(["planned", "succeeded", "failed", "cancelled", "blocked", "needs_recovery"]);
const most = 100;
const time = (at: Date | null) => at?.toISOString() ?? null;

/** What a Run rests on and what it did, for its AuditEvent: names, ids, digests and counts, never a value. Null while it goes on. */
export function evidenceOf(run: RunRow): Readonly<Record<string, unknown>> | null {
  if (!told.has(run.status)) return null;
  const { summary } = (run.apply_result ?? {}) as { readonly summary?: unknown };
  return {
    source_snapshot_id: run.source_snapshot_id,
    tool: run.tool_name && { name: run.tool_name, version: run.tool_version },
    provider_lock_digest: run.provider_lock_digest,
    provider_bindings: run.provider_bindings
      .slice(0, most)
      .map(({ provider, alias, status, connection_id }) => ({ provider, alias, status, connection_id })),
    injected_env: run.injected_env.slice(0, most).map(({ name, kind, phase }) => ({ name, kind, phase })),
    plan_run_id: run.plan_run_id,
    plan: run.plan_digest && { digest: run.plan_digest, has_changes: run.has_changes },
    apply: summary ?? null,
    log_bytes: run.log_bytes,
    state_version_id: run.state_version_id,
    actor_id: run.actor_id,
    approved_by: run.approved_by,
    created_at: time(run.created_at),
    started_at: time(run.started_at),
    finished_at: time(run.finished_at),
  };
}
