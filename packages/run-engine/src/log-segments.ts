import type { RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { LoggedEvent } from "./event-feed.ts";
import { eventsAfter } from "./queries/events-after.ts";
import type { EngineResources } from "./resources.ts";

type Stores = Pick<EngineResources, "db" | "blobs">;
interface Segment extends Pick<RunRow, "workspace_id" | "log_removed_at"> {
  readonly log_offset: number | null;
  readonly size_bytes: number;
  readonly digest: string;
}

/** The piece of a long log that holds a byte. $1 run, $2 byte. Plan: primary keys, backwards from the byte. */
const segmentAt = statement(
  "log_segment_at",
  `SELECT r.workspace_id, r.log_removed_at, s.* FROM runs r LEFT JOIN LATERAL (
     SELECT log_offset, size_bytes, digest FROM run_log_segments WHERE run_id = r.id AND log_offset <= $2 ORDER BY log_offset DESC LIMIT 1
   ) s ON true WHERE r.id = $1`,
);

/**
 * The bytes of a log from `offset` to the end of their piece. An event loses its text only once its piece is stored: it is always there,
 * until the log is removed for its age. Null then.
 */
export async function storedLog({ db, blobs }: Stores, run: Pick<RunRow, "id">, offset: number): Promise<Buffer | null> {
  const segment = await db.one<Segment>(segmentAt, [run.id, offset]);
  if (segment?.log_removed_at) return null;
  if (!segment || segment.log_offset === null || offset >= segment.log_offset + segment.size_bytes)
    throw new Error(`Byte ${offset} of the log of Run ${run.id} is gone`);
  const { workspace_id: workspace, digest, log_offset } = segment;
  return (await blobs.read({ workspace, kind: "log", digest })).subarray(offset - log_offset);
}

interface StoredEvent extends LoggedEvent {
  readonly log_offset: number | null;
  readonly log_bytes: number | null;
}

/** How much of a log of events is read at once: that many, and no more than the one that fills the bytes. */
export interface PageSize {
  readonly events: number;
  readonly bytes: number;
}

/** Events after `after`, in order; the text of a log event comes back from where it is, and is empty once the log was removed. */
export async function readEvents(stores: Stores, run: string, after: number, size: PageSize): Promise<readonly LoggedEvent[]> {
  const events = await stores.db.query<StoredEvent>(eventsAfter, [run, after, size.events, size.bytes]);
  const read: LoggedEvent[] = [];
  let at = 0;
  let held: Buffer = Buffer.alloc(0);
  let removed = false;
  for (const { log_offset: offset, log_bytes: bytes, ...event } of events) {
    const moved = offset !== null && bytes !== null && event.data.text === undefined;
    if (moved && !removed && bytes > 0 && (offset < at || offset + bytes > at + held.length)) {
      const stored = await storedLog(stores, { id: run }, offset);
      removed = stored === null;
      [at, held] = [offset, stored ?? Buffer.alloc(0)];
    }
    const text = moved ? held.subarray(offset - at, offset - at + bytes).toString("utf8") : undefined;
    read.push(text === undefined ? event : { ...event, data: { ...event.data, text } });
  }
  return read;
}
