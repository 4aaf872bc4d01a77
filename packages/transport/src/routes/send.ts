import type { FastifyReply } from "fastify";
import { type Answered, cookieText } from "../answers.ts";
import { textOf } from "../execute.ts";

export const jsonHeaders = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" } as const;

/** Sends a JSON answer with all that belongs to it. */
export function sendAnswer(reply: FastifyReply, answer: Answered): FastifyReply {
  const { status, headers, cookies, replayed } = answer;
  reply.code(status);
  if (headers) reply.headers(headers);
  if (cookies && cookies.length > 0) reply.header("set-cookie", cookies.map(cookieText));
  if (replayed) reply.header("idempotency-replayed", "true");
  if (status === 204 || status >= 300) return reply.header("cache-control", "no-store").send();
  return reply.headers(jsonHeaders).send(textOf(answer));
}

/** What hooks say on every answer, for one that is written to the raw response. */
export function carryHeaders(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value);
}
