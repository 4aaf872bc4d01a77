import type { FastifyReply, FastifyRequest } from "fastify";

/** A body up to this size is read to its end by Node itself, and its connection goes on. */
const small = 64 * 1024;
/** What is still read of a larger one, and for how long (milliseconds): as much as anybody may send anywhere. */
const drained = 128 * 1024 * 1024;
const drainedMs = 30_000;

/**
 * For an answer that is sent before a large body was read. The connection ends with it, but not at once: bytes that arrive at a closed
 * connection reset it, and a client that sends all before it reads would lose the answer. What still comes is thrown away.
 */
export function giveUpBody({ raw, headers }: FastifyRequest, reply: FastifyReply): void {
  if (raw.readableEnded || (headers["transfer-encoding"] === undefined && !(Number(headers["content-length"]) > small))) return;
  reply.header("connection", "close");
  const { socket } = raw;
  let left = drained;
  const end = setTimeout(() => socket.destroy(), drainedMs).unref();
  socket.once("close", () => clearTimeout(end));
  // Node's way to end a connection after its last answer. It says nothing of what the other side still sends.
  socket.destroySoon = () => void socket.end();
  raw.on("data", ({ length }: Buffer) => {
    left -= length;
    if (left < 0) socket.destroy();
  });
  raw.resume();
}
