import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Route, readied, register, type Surroundings } from "./route.ts";
import { carryHeaders } from "./send.ts";

/** The handler speaks to the raw response; only a refusal before its first byte goes out in our envelope. */
export function serveProtocol(scope: FastifyInstance, route: Route, { lifetimes }: Surroundings): void {
  const { pipeline } = route;
  const { spec } = pipeline.operation;
  const { limit } = spec;
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    if (!spec.query) request.query = {};
    const ready = await readied(route, request, request.body);
    const { raw: response } = reply;
    carryHeaders(reply);
    const more = { request: request.raw, response };
    try {
      await pipeline.call(request, ready, { signal: lifetimes.of(response), more });
    } catch (error) {
      if (!response.headersSent) throw error;
      request.log.error({ err: error, request_id: request.id }, "a protocol failed after it had begun to answer");
      response.destroy();
    }
    if (!response.headersSent) throw new Error(`${pipeline.id} ended without an answer`);
    reply.hijack();
  };
  register(scope, route, { head: false, ...(limit !== undefined && { bodyLimit: limit }) }, handler);
}
