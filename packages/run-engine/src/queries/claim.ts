import { statement } from "@takosumi/db/sql";

/**
 * Takes the next Run of a pool: the lowest turn whose Capsule is free, whose tool this runner has and whose Workspace is below its limit.
 * $1 pool, $2 runner, $3 lease seconds, $4 tool names, $5 Runs of a Workspace at once.
 * A runner that drains or whose token was revoked gets none, from the moment on that this was committed.
 * Plan: the runner by primary key, once; runs_queue_idx in order, each candidate with its Capsule by primary key; locked rows are skipped, so claims do not wait for each other.
 */
export const claimRun = statement(
  "claim_run",
  `WITH next AS (
     SELECT r.id FROM runs r JOIN capsules c ON c.id = r.capsule_id
     WHERE r.pool = $1 AND r.status = 'queued'
       AND EXISTS (SELECT 1 FROM runners n JOIN runner_tokens t ON t.id = n.token_id WHERE n.id = $2 AND NOT n.draining AND t.revoked_at IS NULL)
       AND (c.lock_run_id IS NULL OR c.lock_run_id = r.id)
       AND (r.kind = 'plan' OR c.lock_actor IS NULL)
       AND (r.tool_name IS NULL OR r.tool_name = ANY ($4::text[]))
       AND (SELECT count(*) FROM runs other WHERE other.workspace_id = r.workspace_id AND other.status = 'running') < $5
     ORDER BY r.queue_rank, r.id
     LIMIT 1
     FOR UPDATE OF r SKIP LOCKED
   ), moved AS (
     UPDATE runs r SET status = 'running', phase = 'preparing', updated_at = now(),
       started_at = coalesce(r.started_at, now()), heartbeat_at = now(),
       lease_epoch = r.lease_epoch + 1, lease_runner_id = $2, lease_expires_at = now() + $3 * interval '1 second',
       deadline_at = now() + r.timeout_seconds * interval '1 second',
       attempts = r.attempts + 1, runner_sequence = 0, event_sequence = r.event_sequence + 1
     FROM next WHERE r.id = next.id
     RETURNING r.*
   ), logged AS (
     INSERT INTO run_events (run_id, sequence, type, data, at)
     SELECT id, event_sequence, 'status', jsonb_build_object('status', status, 'phase', phase, 'error', NULL), now() FROM moved
   )
   SELECT * FROM moved`,
);

/** Tells followers of a Run that it moved. $1 Run, $2 sequence. In a transaction that writes, a notice holds up every other commit until that one is on disk. */
export const tellFollowers = statement("run_told", `SELECT pg_notify('takosumi_run', $1 || ' ' || $2)`);
