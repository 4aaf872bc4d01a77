import type { runEvents } from "@takosumi/contracts/deploy/run-events";
import type { ReceivesOf } from "@takosumi/contracts/infer";
import type { EventBatch } from "@takosumi/run-engine/event-feed";
import { heartbeats } from "../../streams/heartbeats.ts";
import { merged } from "../../streams/merged.ts";
import { messagesOf, type SocketMessage } from "./shown.ts";

type Messages = readonly SocketMessage[];
type Asked = ReceivesOf<typeof runEvents.operations.ws>;

interface Socket {
  readonly run_id: string;
  readonly connection_id: string;
  /** The event that the client saw last. */
  readonly after: number;
  readonly batches: AsyncIterable<EventBatch> | null;
  readonly asked: AsyncIterable<Asked>;
  readonly signal: AbortSignal;
}

/** What a client of a Run's socket hears: a greeting, the events, answers to what it asks, signs of life, and the end. */
export async function* socketMessages({ run_id, connection_id, after, batches, asked, signal }: Socket): AsyncGenerator<Messages> {
  yield [{ type: "connected", data: { connectionId: connection_id, lastEventId: after } }];
  if (batches) yield* merged<Messages>(eventsOf(batches), answers(run_id, asked), heartbeats(signal));
  if (!signal.aborted) yield [{ type: "end" }];
}

async function* eventsOf(batches: AsyncIterable<EventBatch>): AsyncGenerator<Messages> {
  for await (const batch of batches) yield messagesOf(batch);
}

async function* answers(run_id: string, asked: AsyncIterable<Asked>): AsyncGenerator<Messages> {
  for await (const { runId } of asked)
    yield runId === run_id
      ? [{ type: "subscribed", data: { runId } }]
      : [{ type: "error", data: { message: `This socket follows ${run_id}: open another one for another Run` } }];
}
