import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Plain, plainOf, sendPlain, wantsPlain } from "./plain.ts";
import { type Route, readied, register, type Surroundings } from "./route.ts";
import { sendAnswer } from "./send.ts";

export function serveJson(scope: FastifyInstance, route: Route, { lifetimes }: Surroundings): void {
  const { pipeline } = route;
  const { limit } = pipeline.operation.spec;
  const plain: Plain | null = plainOf(pipeline.id, pipeline.operation);
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const ready = await readied(route, request, request.body);
    const answer = await pipeline.answer(request, ready, { signal: lifetimes.of(reply.raw) });
    return plain && wantsPlain(request.headers.accept) ? sendPlain(reply, plain, answer) : sendAnswer(reply, answer);
  };
  register(scope, route, limit === undefined ? {} : { bodyLimit: limit }, handler);
}
