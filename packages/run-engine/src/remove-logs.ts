import { statement } from "@takosumi/db/sql";
import type { EngineResources } from "./resources.ts";

/** Logs removed at once, and in one round. */
const batch = 50;
const roundBatches = 40;

/**
 * The text of at most $2 logs whose Runs ended more than $1 days ago. Their pieces in blobs are named by nothing any more, and go as such.
 * Plan: runs_log_kept_idx, and of each Run the log events that still hold text.
 */
const remove = statement(
  "logs_remove",
  `WITH old AS (
     SELECT id FROM runs WHERE log_complete AND NOT log_due AND log_bytes > 0 AND log_removed_at IS NULL AND finished_at < now() - $1 * interval '1 day'
     ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED
   ), pieces AS (
     DELETE FROM run_log_segments s USING old WHERE s.run_id = old.id
   ), texts AS (
     UPDATE run_events e SET data = e.data - 'text' FROM old WHERE e.run_id = old.id AND e.log_offset >= 0 AND e.data ? 'text'
   )
   UPDATE runs SET log_removed_at = now() FROM old WHERE runs.id = old.id RETURNING runs.id`,
);

/** Removes logs that are older than the settings keep them; 0 days keeps all. Any number of processes may do it at once. */
export async function removeLogs(
  { db, settings: { logDays } }: Pick<EngineResources, "db"> & { readonly settings: Pick<EngineResources["settings"], "logDays"> },
  signal?: AbortSignal,
): Promise<void> {
  if (logDays === 0) return;
  for (let i = 0; i < roundBatches && !signal?.aborted; i++) if ((await db.query(remove, [logDays, batch])).length < batch) return;
}
