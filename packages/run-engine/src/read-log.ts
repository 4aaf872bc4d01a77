import { ApiError } from "@takosumi/contracts/errors";
import type { RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { storedLog } from "./log-segments.ts";
import type { EngineResources } from "./resources.ts";

/** The log events that hold bytes from $2 to before $4. $1 run, $3 most events. Plan: run_events_log_idx from the one before the offset. */
const chunks = statement(
  "log_chunks",
  `SELECT data ->> 'text' AS text, log_offset, log_bytes FROM run_events
   WHERE run_id = $1 AND log_offset >= coalesce((SELECT max(e.log_offset) FROM run_events e WHERE e.run_id = $1 AND e.log_offset <= $2), 0)
     AND log_offset < $4
   ORDER BY log_offset LIMIT $3`,
);
const page = 500;

export interface LogPage {
  readonly log: string;
  readonly offset: number;
  readonly next_offset: number;
  readonly complete: boolean;
}

const gone = (run: RunRow) =>
  new ApiError("GONE", `The log of Run ${run.id} was removed: logs are not kept for ever here`, { reason: "expired" });
const wrongOffset = (message: string, next_offset: number) =>
  new ApiError("BAD_REQUEST", `offset ${message}`, { reason: "invalid", next_offset, fields: [{ path: "offset", message }] });

/**
 * At most `limit` bytes of the log from byte `offset`, never half a character; `complete` where nothing will follow. 400 naming where to go
 * on for an offset beyond the end or inside a character, 410 once the log was removed.
 */
export async function readLog(stores: Pick<EngineResources, "db" | "blobs">, run: RunRow, offset: number, limit: number): Promise<LogPage> {
  if (run.log_removed_at !== null) throw gone(run);
  if (offset > run.log_bytes) throw wrongOffset(`is beyond the end of the log, which has ${run.log_bytes} bytes so far`, run.log_bytes);
  const from = offset;
  const parts: Buffer[] = [];
  let at = from;
  while (at < run.log_bytes && at - from < limit) {
    const rows = await stores.db.query<{ text: string | null; log_offset: number; log_bytes: number }>(chunks, [
      run.id,
      at,
      page,
      from + limit,
    ]);
    const before = at;
    for (const { text, log_offset, log_bytes } of rows) {
      // A piece that was read from its blob holds the events after it as well.
      if (log_offset + log_bytes <= at) continue;
      // The text of a long log moves away, also while somebody reads it.
      const bytes = text === null ? await storedLog(stores, run, at) : Buffer.from(text).subarray(at - log_offset);
      if (bytes === null) throw gone(run);
      parts.push(bytes);
      at += bytes.length;
      if (at - from >= limit) break;
    }
    if (at === before) break;
  }
  const bytes = Buffer.concat(parts);
  let first = 0;
  while (continues(bytes, first)) first++;
  if (first > 0) throw wrongOffset(`is inside a character: the next one begins at ${from + first}`, from + first);
  const whole = wholeCharacters(bytes.subarray(0, limit));
  const next = from + whole.length;
  return { log: whole.toString("utf8"), offset: from, next_offset: next, complete: run.log_complete && next >= run.log_bytes };
}

const continues = (bytes: Buffer, at: number) => ((bytes[at] ?? 0) & 0xc0) === 0x80;

/** Bytes without what was cut off of their last character; none where a limit is smaller than one. */
function wholeCharacters(bytes: Buffer): Buffer {
  let lead = bytes.length - 1;
  while (lead >= 0 && bytes.length - lead < 4 && continues(bytes, lead)) lead--;
  const first = bytes[lead] ?? 0;
  const width = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return lead >= 0 && lead + width > bytes.length ? bytes.subarray(0, lead) : bytes;
}
