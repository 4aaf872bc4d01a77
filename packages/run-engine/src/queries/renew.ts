import { statement } from "@takosumi/db/sql";

/**
 * Keeps a lease. A Run that was given up (`needs_recovery`) goes on when its own runner comes back with the same epoch; nobody else can.
 * One whose runner itself gave it up has no lease left.
 * $1 run, $2 epoch, $3 runner, $4 lease seconds. No row: the lease is another's.
 * Plan: one update by primary key; the runner's heartbeat beside it.
 */
export const renewLease = statement(
  "renew_lease",
  `WITH seen AS (
     UPDATE runners SET last_seen_at = now() WHERE id = $3
   ), before AS (
     SELECT id, status FROM runs WHERE id = $1 AND lease_epoch = $2 AND lease_runner_id = $3 AND status IN ('running', 'needs_recovery')
       AND lease_expires_at IS NOT NULL FOR UPDATE
   ), kept AS (
     UPDATE runs r SET status = 'running', heartbeat_at = now(), lease_expires_at = now() + $4 * interval '1 second',
       recovery = NULL,
       event_sequence = r.event_sequence + CASE WHEN before.status = 'needs_recovery' THEN 1 ELSE 0 END
     FROM before WHERE r.id = before.id
     RETURNING r.*, before.status AS status_before
   ), logged AS (
     INSERT INTO run_events (run_id, sequence, type, data, at)
     SELECT id, event_sequence, 'status', jsonb_build_object('status', status, 'phase', phase, 'error', NULL), now()
     FROM kept WHERE status_before = 'needs_recovery'
   )
   SELECT * FROM kept`,
);
