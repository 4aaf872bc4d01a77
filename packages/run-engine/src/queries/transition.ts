import type { RunKind, RunStatus } from "@takosumi/contracts/deploy/run";
import { type Statement, statement } from "@takosumi/db/sql";
import { sourcesOf } from "../transitions.ts";

interface Move {
  readonly name: string;
  readonly to: RunStatus;
  readonly kinds?: readonly RunKind[];
  /** Further columns to set, and what else must hold. `r` is the Run; parameters start at $1. */
  readonly set?: string;
  readonly where: string;
}

const quoted = (values: readonly string[]) => values.map((value) => `'${value}'`).join(", ");

/**
 * One move of the state machine as one statement: the Run changes only where it still has a status that leads to `to`, its `status`
 * event is appended under the next sequence, and followers are told at commit. No row: somebody else was first.
 * Plan: one index lookup on the primary key (or on the index named by `where`), one insert.
 */
export function transition({ name, to, kinds = ["plan", "apply", "destroy"], set, where }: Move): Statement {
  return statement(
    `run_${name}`,
    `WITH moved AS (
       UPDATE runs r SET status = '${to}', updated_at = now(), event_sequence = event_sequence + 1${set ? `, ${set}` : ""}
       WHERE (${where}) AND r.kind IN (${quoted(kinds)}) AND r.status IN (${quoted(sourcesOf(to, kinds))})
       RETURNING r.*
     ), logged AS (
       INSERT INTO run_events (run_id, sequence, type, data, at)
       SELECT id, event_sequence, 'status', jsonb_build_object('status', status, 'phase', phase, 'error', error), now() FROM moved
     )
     SELECT moved.*, pg_notify('takosumi_run', moved.id || ' ' || moved.event_sequence) AS told FROM moved`,
  );
}
