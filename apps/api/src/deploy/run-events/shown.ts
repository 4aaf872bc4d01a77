import type { RunEvent, runEvents } from "@takosumi/contracts/deploy/run-events";
import type { EmitsOf } from "@takosumi/contracts/infer";
import type { EventBatch, LoggedEvent } from "@takosumi/run-engine/event-feed";
import type { ListedBatch } from "@takosumi/run-engine/workspace-feed";
import { once } from "@takosumi/transport/batches";

export type SocketMessage = EmitsOf<typeof runEvents.operations.ws>;

/** An event as streams send it. The contract's schema checks it before it leaves. */
const payloadOf = ({ type, data, at }: LoggedEvent): RunEvent => ({ ...data, type, at: at.toISOString() }) as unknown as RunEvent;

/** What every form of an event says of it beside its payload. */
const marksOf = ({ run_id, sequence, at }: LoggedEvent) => ({ event_id: `${run_id}-${sequence}`, created_at: at.toISOString() });

/** An event as REST answers it: its payload is JSON text. */
export const recordOf = (event: LoggedEvent) => ({
  id: event.sequence,
  run_id: event.run_id,
  type: event.type,
  data: JSON.stringify(payloadOf(event)),
  ...marksOf(event),
});

/** A batch as Server-Sent Events; made once, however many follow. */
export const sentOf = once((batch: EventBatch) =>
  batch.map((event) => ({ id: String(event.sequence), event: event.type, data: payloadOf(event) })),
);

/** A batch as messages of a WebSocket; likewise. */
export const messagesOf = once((batch: EventBatch): readonly SocketMessage[] =>
  batch.map((event) => ({ type: event.type, data: payloadOf(event), eventId: event.sequence, ...marksOf(event) })),
);

/** Runs of a list that changed. The id is a time: nothing is resumed after it. */
export const listedOf = (batch: ListedBatch) =>
  batch.map((run) => ({
    id: String(run?.updated_at.getTime() ?? 0),
    event: run ? "run" : "resync",
    data: { type: run ? ("run" as const) : ("resync" as const), run: run && { ...run, updated_at: run.updated_at.toISOString() } },
  }));
