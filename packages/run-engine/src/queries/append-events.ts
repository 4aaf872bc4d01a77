import { statement } from "@takosumi/db/sql";

/**
 * Takes a batch of a runner exactly once: only where the lease is its own and the batch follows the last one that was taken.
 * $1 run, $2 epoch, $3 runner, $4 sequence of the first event, $5 their number, $6 bytes of log in all,
 * $7 events [{type, data, at, log_start, log_bytes}] in order, $8 the phase that now is, $9 phase marks [{name, state, at}], $10 what the runner saw of its isolation or null.
 * No row: old epoch, a gap, or a repeat; the caller looks which.
 * Plan: one update by primary key and one insert of n rows.
 */
export const appendEvents = statement(
  "append_events",
  `WITH taken AS (
     UPDATE runs r SET
       event_sequence = r.event_sequence + $5, runner_sequence = r.runner_sequence + $5, log_bytes = r.log_bytes + $6,
       phase = coalesce($8, r.phase), phases = run_phases(r.phases, $9::jsonb), isolation = coalesce($10::jsonb, r.isolation), updated_at = now()
     WHERE r.id = $1 AND r.lease_epoch = $2 AND r.lease_runner_id = $3 AND r.status IN ('running', 'needs_recovery') AND r.runner_sequence = $4 - 1
     RETURNING r.id, r.event_sequence - $5 AS base, r.log_bytes - $6 AS log_base, r.event_sequence, r.runner_sequence
   ), logged AS (
     INSERT INTO run_events (run_id, sequence, type, data, at, log_offset, log_bytes)
     SELECT taken.id, taken.base + e.ordinality, e.event ->> 'type', e.event -> 'data', (e.event ->> 'at')::timestamptz,
       taken.log_base + (e.event ->> 'log_start')::bigint, (e.event ->> 'log_bytes')::integer
     FROM taken, jsonb_array_elements($7::jsonb) WITH ORDINALITY AS e (event, ordinality)
   )
   SELECT taken.runner_sequence, taken.event_sequence, pg_notify('takosumi_run', taken.id || ' ' || taken.event_sequence) AS told FROM taken`,
);
