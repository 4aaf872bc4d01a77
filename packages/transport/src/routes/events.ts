import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type EventEncoder, eventEncoder } from "../batches.ts";
import { envelopeOf, failureOf } from "../failures.ts";
import type { Stream } from "../streams.ts";
import { type Route, readied, register, type Surroundings } from "./route.ts";
import { carryHeaders } from "./send.ts";

const headers = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  // Proxies of the nginx kind hold events back unless told not to.
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
};

/**
 * Server-Sent Events. A stream that ends by itself says `event: end`, so that a client knows not to come back; one that failed says
 * `event: error` with the error envelope.
 */
export function serveEvents(scope: FastifyInstance, route: Route, surroundings: Surroundings): void {
  const { pipeline } = route;
  const { emits } = pipeline.operation.spec;
  if (!emits) throw new Error(`${pipeline.id} does not say what it emits`);
  const encoder = eventEncoder(pipeline.id, emits);
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const ready = await readied(route, request, undefined);
    const stream = surroundings.streams.open(ready);
    const { raw } = reply;
    raw.once("close", stream.close);
    let batches: AsyncIterable<readonly unknown[]> | null;
    try {
      const more = { after: lastEventId(request) };
      batches = (await pipeline.call(request, ready, { signal: () => stream.signal, more })) as typeof batches;
    } catch (error) {
      stream.close();
      throw error;
    }
    if (!batches) {
      stream.close();
      return reply.code(204).send();
    }
    reply.hijack();
    carryHeaders(reply);
    raw.writeHead(200, headers);
    try {
      await pour(raw, batches, encoder, stream, surroundings, () =>
        request.log.warn({ request_id: request.id, operation: pipeline.id }, "a stream was cut: its reader took nothing"),
      );
      if (!stream.signal.aborted) raw.write("event: end\ndata: {}\n\n");
    } catch (cause) {
      const { error, unexpected } = failureOf(cause, request.id, surroundings.application.translate);
      if (unexpected) request.log.error({ err: cause, request_id: request.id }, "an event stream failed");
      if (!raw.destroyed) raw.write(`event: error\ndata: ${envelopeOf(error)}\n\n`);
    } finally {
      stream.close();
      raw.end();
    }
  };
  register(scope, route, { head: false }, handler);
}

/** How long a client that lost its stream waits before it comes back. */
const comeBackMs = 1_000;

const lastEventId = ({ headers }: FastifyRequest): string | null => {
  const id = headers["last-event-id"];
  return typeof id === "string" && id !== "" && id.length <= 256 ? id : null;
};

/** Writes batch by batch, and asks for the next one only when the reader has taken the last. */
async function pour(
  raw: ServerResponse,
  batches: AsyncIterable<readonly unknown[]>,
  encoder: EventEncoder,
  { signal }: Stream,
  { heartbeat, stalled }: Pick<Surroundings, "heartbeat" | "stalled">,
  cut: () => void,
): Promise<void> {
  raw.write(`: open\nretry: ${comeBackMs}\n\n`);
  const beat = setInterval(() => raw.writableNeedDrain || raw.write(": ping\n\n"), heartbeat);
  // A stream that is ended from outside is closed at once, whatever its handler is waiting for.
  const end = () => void raw.end();
  signal.addEventListener("abort", end, { once: true });
  try {
    for await (const batch of batches) {
      if (signal.aborted) return;
      if (batch.length > 0 && !raw.write(encoder.bytes(batch)) && !(await drained(raw, stalled, cut))) return;
      if (signal.aborted) return;
    }
  } finally {
    clearInterval(beat);
    signal.removeEventListener("abort", end);
  }
}

/** Waits until the reader has caught up; false when it left, or took nothing for so long that it is let go. */
function drained(raw: ServerResponse, stalled: number, cut: () => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      cut();
      raw.destroy();
    }, stalled);
    const settle = (alive: boolean) => {
      clearTimeout(timer);
      raw.off("drain", onDrain).off("close", onClose);
      resolve(alive);
    };
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    raw.once("drain", onDrain).once("close", onClose);
    if (raw.destroyed) onClose();
  });
}
