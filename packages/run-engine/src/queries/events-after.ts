import { statement } from "@takosumi/db/sql";

/**
 * Events of Run $1 after sequence $2, at most $3 and no more than the one that makes them $4 bytes, in order.
 * Plan: a range of the primary key of run_events; what is too much is seen by its length, and not fetched.
 */
export const eventsAfter = statement(
  "run_events_after",
  `SELECT run_id, sequence, type, data, at, log_offset, log_bytes FROM (
     SELECT *, sum(coalesce(log_bytes, pg_column_size(data))) OVER (ORDER BY sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
     FROM run_events WHERE run_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3
   ) page WHERE before IS NULL OR before < $4 ORDER BY sequence`,
);

/** Kind and status of Run $1, and the sequence of its newest event. */
export const eventHead = statement("run_event_head", `SELECT kind, status, event_sequence FROM runs WHERE id = $1`);
