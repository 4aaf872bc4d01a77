import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Bytes } from "../handlers.ts";
import { type Route, readied, register, type Surroundings } from "./route.ts";

export function serveDownload(scope: FastifyInstance, route: Route, { lifetimes }: Surroundings): void {
  const { pipeline } = route;
  const { produces = [] } = pipeline.operation.spec;
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const ready = await readied(route, request, undefined);
    const { body, type, name, size, headers } = (await pipeline.call(request, ready, { signal: lifetimes.of(reply.raw) })) as Bytes;
    if (!produces.includes(type)) throw new Error(`${pipeline.id} answered ${type}, which its contract does not name`);
    if (headers) reply.headers(headers);
    if (size !== undefined) reply.header("content-length", String(size));
    // A browser saves the bytes and never runs them in our origin.
    const fixed = {
      "content-type": type,
      "content-disposition": disposition(name),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    };
    return reply.headers({ ...fixed, "content-security-policy": "default-src 'none'; sandbox" }).send(body);
  };
  register(scope, route, {}, handler);
}

/** RFC 6266: an ASCII name for everybody, the real one for those who can read it. */
export function disposition(name: string | undefined): string {
  if (name === undefined) return "attachment";
  const plain = name.replace(/[^\x20-\x7e]|["\\/]/g, "_");
  const coded = encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return plain === name ? `attachment; filename="${plain}"` : `attachment; filename="${plain}"; filename*=UTF-8''${coded}`;
}
