import type { RunLogSegmentRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { LoggedEvent } from "./event-feed.ts";
import { eventsAfter } from "./queries/events-after.ts";
import type { EngineResources } from "./resources.ts";

type Stores = Pick<EngineResources, "db" | "blobs">;
interface Segment extends Pick<RunLogSegmentRow, "log_offset" | "size_bytes" | "digest"> {
  readonly workspace_id: string;
}

/** The piece of a long log that holds a byte. $1 run, $2 byte. Plan: primary key, backwards from the byte. */
const segmentAt = statement(
  "log_segment_at",
  `SELECT s.log_offset, s.size_bytes, s.digest, r.workspace_id FROM run_log_segments s JOIN runs r ON r.id = s.run_id
   WHERE s.run_id = $1 AND s.log_offset <= $2 ORDER BY s.log_offset DESC LIMIT 1`,
);

/** The bytes of a log from `offset` to the end of their piece. An event loses its text only once its piece is stored: it is always there. */
export async function storedLog({ db, blobs }: Stores, run: Pick<RunRow, "id">, offset: number): Promise<Buffer> {
  const segment = await db.one<Segment>(segmentAt, [run.id, offset]);
  if (!segment || offset >= segment.log_offset + segment.size_bytes) throw new Error(`Byte ${offset} of the log of Run ${run.id} is gone`);
  const { workspace_id: workspace, digest, log_offset } = segment;
  return (await blobs.read({ workspace, kind: "log", digest })).subarray(offset - log_offset);
}

interface StoredEvent extends LoggedEvent {
  readonly log_offset: number | null;
  readonly log_bytes: number | null;
}

/** At most `limit` events after `after`, in order; the text of a log event comes back from where it is. */
export async function readEvents(stores: Stores, run: string, after: number, limit: number): Promise<readonly LoggedEvent[]> {
  const events = await stores.db.query<StoredEvent>(eventsAfter, [run, after, limit]);
  const read: LoggedEvent[] = [];
  let at = 0;
  let held: Buffer = Buffer.alloc(0);
  for (const { log_offset: offset, log_bytes: bytes, ...event } of events) {
    const moved = offset !== null && bytes !== null && event.data.text === undefined;
    if (moved && bytes > 0 && (offset < at || offset + bytes > at + held.length))
      [at, held] = [offset, await storedLog(stores, { id: run }, offset)];
    const text = moved ? held.subarray(offset - at, offset - at + bytes).toString("utf8") : undefined;
    read.push(text === undefined ? event : { ...event, data: { ...event.data, text } });
  }
  return read;
}
