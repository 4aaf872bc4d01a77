import { statement } from "@takosumi/db/sql";

/**
 * Events of Run $1 after sequence $2, at most $3, in order.
 * Plan: a range of the primary key of run_events.
 */
export const eventsAfter = statement(
  "run_events_after",
  `SELECT run_id, sequence, type, data, at, log_offset, log_bytes FROM run_events WHERE run_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3`,
);

/** Kind and status of Run $1, and the sequence of its newest event. */
export const eventHead = statement("run_event_head", `SELECT kind, status, event_sequence FROM runs WHERE id = $1`);
