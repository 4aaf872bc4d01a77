import type { RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { EngineResources } from "./resources.ts";

type Due = Pick<RunRow, "id" | "workspace_id" | "log_bytes">;
interface Piece {
  readonly log_offset: number;
  readonly text: string | null;
}

/** Bytes from which on a piece is full; an event is never cut. */
const segmentBytes = 1024 * 1024;
/** Pieces moved in one round, over all Runs: what is left is the next one's. */
const roundSegments = 16;

/** $1 how many. Plan: runs_log_due_idx. */
const due = statement("log_due", `SELECT id, workspace_id, log_bytes FROM runs WHERE log_due ORDER BY finished_at LIMIT $1`);
/** Where the next piece begins. $1 run. Plan: primary key, its last entry. */
const storedTo = statement(
  "log_stored_to",
  `SELECT log_offset + size_bytes AS byte FROM run_log_segments WHERE run_id = $1 ORDER BY log_offset DESC LIMIT 1`,
);
/** Text of the events that begin within a piece. $1 run, $2 its first byte, $3 its bytes. Plan: run_events_log_idx. */
const textFrom = statement(
  "log_text_from",
  `SELECT log_offset, data ->> 'text' AS text FROM run_events WHERE run_id = $1 AND log_offset >= $2 AND log_offset < $2 + $3
   ORDER BY log_offset, sequence LIMIT 2000`,
);
/** A piece is stored: its events lose their text in the same moment. $1 run, $2 first byte, $3 bytes, $4 digest, $5 whether it is the last. */
const moved = statement(
  "log_segment_moved",
  `WITH kept AS (
     INSERT INTO run_log_segments (run_id, log_offset, size_bytes, digest) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
   ), done AS (
     UPDATE runs SET log_due = false WHERE id = $1 AND $5
   )
   UPDATE run_events SET data = data - 'text' WHERE run_id = $1 AND log_offset >= $2 AND log_offset < $2 + $3`,
);

/** Moves long logs of ended Runs into blobs, a bounded part of them. Any number of processes may do it at once: all cut the same pieces. */
export async function compactLogs({ db, blobs }: Pick<EngineResources, "db" | "blobs">): Promise<void> {
  let left = roundSegments;
  for (const run of await db.query<Due>(due, [roundSegments])) {
    for (let more = true; more && left > 0; left--) more = await moveNext({ db, blobs }, run);
    if (left <= 0) return;
  }
}

/** Moves the next piece of one log; false after the last. */
async function moveNext({ db, blobs }: Pick<EngineResources, "db" | "blobs">, run: Due): Promise<boolean> {
  const from = (await db.one<{ byte: number }>(storedTo, [run.id]))?.byte ?? 0;
  const parts: Buffer[] = [];
  let size = 0;
  for (const { text } of await db.query<Piece>(textFrom, [run.id, from, segmentBytes])) {
    // Another process was faster: its piece is there already.
    if (text === null) return true;
    const bytes = Buffer.from(text);
    parts.push(bytes);
    size += bytes.length;
  }
  const { digest } = await blobs.put({ workspace: run.workspace_id, kind: "log" }, Buffer.concat(parts));
  const last = from + size >= run.log_bytes || size === 0;
  await db.query(moved, [run.id, from, size, digest, last]);
  return !last;
}
