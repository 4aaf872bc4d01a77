import { statement } from "@takosumi/db/sql";

/**
 * A new Run, as one JSON object of columns. With a `queue_rank` of -1 it gets its turn in the pool: one after the last of its
 * Workspace, but never before what the pool serves now, so that Workspaces take turns however much each has queued.
 * Plan: one entry of runs_served_idx, the row of queue_turns, three inserts.
 */
export const insertRun = statement(
  "insert_run",
  `WITH given AS (
     SELECT * FROM jsonb_populate_record(NULL::runs, $1::jsonb)
   ), turn AS (
     INSERT INTO queue_turns (pool, workspace_id, last_rank)
     SELECT pool, workspace_id,
       1 + coalesce((SELECT s.queue_rank FROM runs s WHERE s.pool = given.pool AND s.started_at IS NOT NULL ORDER BY s.started_at DESC LIMIT 1), 0)
     FROM given WHERE queue_rank = -1
     ON CONFLICT (pool, workspace_id) DO UPDATE SET last_rank = greatest(queue_turns.last_rank + 1, excluded.last_rank)
     RETURNING last_rank
   ), inserted AS (
     INSERT INTO runs (id, workspace_id, project_id, capsule_id, kind, mode, status, pool, queue_rank, actor, actor_id, message, targets,
       replace_addresses, retry_of_run_id, source_snapshot_id, git_source, module_credentials, module_path, config_revision, variables, variable_set, variable_set_digest,
       tool_name, tool_version, tool_digest, least_tool_version, base_state_version_id, base_lineage, base_serial, base_digest,
       provider_lock_digest, provider_bindings, injected_env, plan_run_id, destroys, approvals_required, approved_by,
       approved_at, expires_at, timeout_seconds, event_sequence, queued_at)
     SELECT id, workspace_id, project_id, capsule_id, kind, mode, status, pool, (SELECT last_rank FROM turn), actor, actor_id, message, targets,
       replace_addresses, retry_of_run_id, source_snapshot_id, git_source, coalesce(module_credentials, '[]'), module_path, config_revision, variables, variable_set, variable_set_digest,
       tool_name, tool_version, tool_digest, least_tool_version, base_state_version_id, base_lineage, base_serial, base_digest,
       provider_lock_digest, coalesce(provider_bindings, '[]'), coalesce(injected_env, '[]'), plan_run_id, destroys,
       approvals_required, approved_by, CASE WHEN approved_by IS NOT NULL THEN now() END, expires_at, timeout_seconds, 1, CASE WHEN status = 'queued' THEN now() END
     FROM given
     RETURNING *
   ), logged AS (
     INSERT INTO run_events (run_id, sequence, type, data, at)
     SELECT id, 1, 'status', jsonb_build_object('status', status, 'phase', NULL, 'error', NULL), now() FROM inserted
   ), latest AS (
     UPDATE capsules c SET latest_run_id = inserted.id FROM inserted WHERE c.id = inserted.capsule_id
   )
   SELECT inserted.*, CASE WHEN status = 'queued' THEN pg_notify('takosumi_queue', pool) END AS told FROM inserted`,
);
