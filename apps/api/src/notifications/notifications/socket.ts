import type { EmitsOf, ReceivesOf } from "@takosumi/contracts/infer";
import type { notifications } from "@takosumi/contracts/notifications/notifications";
import { heartbeats } from "../../streams/heartbeats.ts";
import { merged } from "../../streams/merged.ts";
import type { Streamed } from "./repository.ts";

type Message = EmitsOf<typeof notifications.operations.ws>;
type Messages = readonly Message[];

interface Socket {
  readonly connection_id: string;
  readonly after: number;
  readonly batches: AsyncIterable<readonly Streamed[]>;
  readonly asked: AsyncIterable<ReceivesOf<typeof notifications.operations.ws>>;
  readonly signal: AbortSignal;
}

/** What a client of the socket hears: a greeting, what is new, and signs of life. It follows one person, and nothing else can be asked for. */
export async function* socketMessages({ connection_id, after, batches, asked, signal }: Socket): AsyncGenerator<Messages> {
  yield [{ type: "connected", data: { connectionId: connection_id, lastEventId: after } }];
  yield* merged<Messages>(told(batches), refusals(asked), heartbeats(signal));
}

async function* told(batches: AsyncIterable<readonly Streamed[]>): AsyncGenerator<Messages> {
  for await (const batch of batches)
    yield batch.map(
      ({ id, sequence }): Message => ({
        type: "notification.new",
        data: { notification_id: id },
        eventId: sequence,
        event_id: String(sequence),
      }),
    );
}

async function* refusals(asked: Socket["asked"]): AsyncGenerator<Messages> {
  for await (const _ of asked)
    yield [{ type: "error", data: { message: "This socket tells your notifications: there is nothing else to subscribe to" } }];
}
