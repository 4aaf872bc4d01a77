import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Rate } from "./admission.ts";

/** How much was left when a request was admitted; forgotten with it. */
const rates = new WeakMap<object, Rate>();
/** Of several limits the one that is nearer. */
export function noteRate(arrival: object, rate: Rate | null): void {
  const known = rates.get(arrival);
  if (rate && (!known || rate.remaining < known.remaining)) rates.set(arrival, rate);
}

/** `X-RateLimit-Limit`, `-Remaining` and `-Reset` (Unix seconds) on every answer that was counted. */
export function showRates(app: FastifyInstance): void {
  const headersOf = (request: object): Record<string, string> | null => {
    const rate = rates.get(request);
    if (!rate) return null;
    const reset = Math.ceil(Date.now() / 1_000) + rate.seconds;
    return { "x-ratelimit-limit": String(rate.limit), "x-ratelimit-remaining": String(rate.remaining), "x-ratelimit-reset": String(reset) };
  };
  const show = (request: FastifyRequest, reply: FastifyReply) => {
    const headers = headersOf(request);
    if (headers) reply.headers(headers);
  };
  // A handler that speaks to the raw response ends without the second hook, and a refusal comes without the first.
  app.addHook("preHandler", (request, reply, done) => {
    show(request, reply);
    done();
  });
  app.addHook("onSend", (request, reply, payload, done) => {
    if (!reply.hasHeader("x-ratelimit-limit")) show(request, reply);
    done(null, payload);
  });
}
