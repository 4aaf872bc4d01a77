import { Transform } from "node:stream";
import { ApiError } from "@takosumi/contracts/errors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Incoming } from "../handlers.ts";
import { type Route, readied, register, type Surroundings } from "./route.ts";
import { sendAnswer } from "./send.ts";

export function serveUpload(scope: FastifyInstance, route: Route, { lifetimes }: Surroundings): void {
  const { pipeline } = route;
  const { accepts = [], limit = 0 } = pipeline.operation.spec;
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    let file: Incoming | undefined;
    try {
      const ready = await readied(route, request, undefined);
      file = incoming(request, accepts, limit);
      return sendAnswer(reply, await pipeline.answer(request, ready, { signal: lifetimes.of(reply.raw), more: { file } }));
    } finally {
      // What nobody read is not worth the wait: the answer goes out, and the connection with it.
      if (!request.raw.readableEnded) reply.header("connection", "close");
      file?.body.destroy();
    }
  };
  // Fastify checks a body's declared length before the handler; the stream is counted below.
  register(scope, route, { bodyLimit: limit }, handler);
}

export function incoming({ headers, raw }: FastifyRequest, accepts: readonly string[], limit: number): Incoming {
  const type = mediaType(headers["content-type"]);
  if (!accepts.includes(type)) {
    throw new ApiError("UNSUPPORTED_MEDIA_TYPE", `This operation takes ${accepts.join(" or ")}: say which in Content-Type`, {
      reason: "type",
    });
  }
  if (headers["content-encoding"] !== undefined && headers["content-encoding"] !== "identity") {
    throw new ApiError("UNSUPPORTED_MEDIA_TYPE", "Send the bytes as they are, without Content-Encoding", { reason: "encoding" });
  }
  const said = headers["content-length"];
  if (said !== undefined && Number(said) > limit) throw tooLarge(limit);
  let seen = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > limit) done(tooLarge(limit));
      else done(null, chunk);
    },
  });
  raw.on("error", (error) => body.destroy(error));
  raw.once("close", () => {
    if (!raw.complete) body.destroy(new ApiError("BAD_REQUEST", "The upload broke off", { reason: "malformed" }));
  });
  raw.pipe(body);
  // An error that nobody listens to would end the process: the handler hears it when it reads.
  body.on("error", () => raw.unpipe(body));
  return { body, type, ...(said !== undefined && { size: Number(said) }) };
}

export const mediaType = (header: string | undefined): string => (header ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
const tooLarge = (limit: number) => new ApiError("PAYLOAD_TOO_LARGE", `The file is larger than ${limit} bytes`, { reason: "file", limit });
