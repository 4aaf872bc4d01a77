import type { WebSocket } from "@fastify/websocket";
import { ApiError } from "@takosumi/contracts/errors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { messageEncoder } from "../batches.ts";
import type { Ready } from "../execute.ts";
import { envelopeOf, failureOf } from "../failures.ts";
import { Inbox } from "./inbox.ts";
import { entering, type Route, readied, type Surroundings } from "./route.ts";

/** Bytes that may wait in a socket before its handler is asked for no more. */
const highWater = 1024 * 1024;
const asText = { binary: false };
const closeCodes = { done: 1000, goingAway: 1001, refused: 1008, failed: 1011 } as const;

/** A WebSocket of JSON messages, one a frame. Refusals before the upgrade are ordinary HTTP answers. */
export function serveSocket(scope: FastifyInstance, route: Route, surroundings: Surroundings): void {
  const { pipeline, urls } = route;
  const { emits, receives } = pipeline.operation.spec;
  if (!emits || !receives) throw new Error(`${pipeline.id} does not say what it emits and receives`);
  const encode = messageEncoder(pipeline.id, emits);
  const prepared = new WeakMap<FastifyRequest, Ready>();
  const handler = (_request: FastifyRequest, reply: FastifyReply) =>
    reply.code(426).headers({ upgrade: "websocket", "content-type": "application/json; charset=utf-8" }).send(envelopeOf(notAnUpgrade));

  const wsHandler = async (socket: WebSocket, request: FastifyRequest) => {
    const refuse = (cause: unknown) => {
      const { error, unexpected } = failureOf(cause, request.id, surroundings.application.translate);
      if (unexpected) request.log.error({ err: cause, request_id: request.id }, "a socket failed");
      socket.send(envelopeOf(error));
      socket.close(unexpected ? closeCodes.failed : closeCodes.refused);
    };
    const ready = prepared.get(request);
    if (!ready) return socket.close(closeCodes.failed);
    const messages = new Inbox(socket, receives, refuse);
    const beat = setInterval(() => socket.ping(), surroundings.heartbeat);
    socket.once("close", () => clearInterval(beat));
    try {
      const { signal, close } = surroundings.streams.open(ready);
      socket.once("close", close);
      signal.addEventListener("abort", () => (messages.end(), socket.close(closeCodes.goingAway)), { once: true });
      const batches = await pipeline.call(request, ready, { signal: () => signal, more: { messages } });
      await pour(socket, batches as AsyncIterable<readonly unknown[]>, encode, signal, surroundings.stalled, () =>
        request.log.warn({ request_id: request.id, operation: pipeline.id }, "a stream was cut: its reader took nothing"),
      );
      socket.close(closeCodes.done);
    } catch (error) {
      refuse(error);
    }
  };
  for (const url of urls) {
    const preHandler = async (request: FastifyRequest) => {
      prepared.set(request, await readied(route, request, undefined));
    };
    scope.route({ method: "GET", url, onRequest: entering(pipeline), preHandler, handler, wsHandler, exposeHeadRoute: false });
  }
}

const notAnUpgrade = new ApiError("BAD_REQUEST", "This is a WebSocket: connect with Upgrade: websocket");

async function pour(
  socket: WebSocket,
  batches: AsyncIterable<readonly unknown[]>,
  encode: (batch: readonly unknown[]) => readonly Buffer[],
  signal: AbortSignal,
  stalled: number,
  cut: () => void,
): Promise<void> {
  for await (const batch of batches) {
    if (signal.aborted) return;
    const frames = encode(batch);
    for (const [i, frame] of frames.entries()) {
      // The last frame of a batch is waited for once much is waiting: the ones before it have then gone too.
      if (i === frames.length - 1 && socket.bufferedAmount > highWater) await written(socket, frame, stalled, cut);
      else socket.send(frame, asText);
    }
  }
}

function written(socket: WebSocket, frame: Buffer, stalled: number, cut: () => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      cut();
      socket.terminate();
    }, stalled);
    socket.send(frame, asText, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
