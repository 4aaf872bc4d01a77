import type { Spec } from "@takosumi/contracts/define";
import type { RawRequest, Stray } from "@takosumi/contracts/input";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Application, Principal } from "../application.ts";
import type { Pipeline, Ready } from "../execute.ts";
import type { Lifetimes } from "../lifetime.ts";
import { unreadable } from "../query.ts";
import type { Streams } from "../streams.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who came through the door; set before the body is read. */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** Whose shape the errors of the route have; ours where it is left out. */
    speaks?: Spec["speaks"];
    /** Browsers are shown this: what it fails with is a page as well, to whoever asks for one. */
    page?: boolean;
  }
}

/** What the routes of every kind share. */
export interface Surroundings {
  readonly application: Application;
  readonly lifetimes: Lifetimes;
  readonly streams: Streams;
  /** Milliseconds between two signs of life on a stream that has nothing to say. */
  readonly heartbeat: number;
  /** Milliseconds after which a reader that takes nothing is let go. */
  readonly stalled: number;
}

/** One operation at its URLs. */
export interface Route {
  readonly pipeline: Pipeline;
  readonly urls: readonly string[];
  readonly gather: (from: RawRequest, strays: Stray[]) => Record<string, unknown>;
}

/** The hook that lets a request in, or not, before its body is read. */
export const entering =
  ({ enter }: Pipeline) =>
  async (request: FastifyRequest): Promise<void> => {
    request.principal = await enter(request);
  };

/** Parses and authorizes a request whose `body` has been read, or has none. */
export function readied({ gather, pipeline }: Route, request: FastifyRequest, body: unknown): Promise<Ready> {
  const strays: Stray[] = [];
  const query = request.query as Record<string, unknown> & { [unreadable]?: string };
  if (query[unreadable] !== undefined) strays.push({ path: "", message: query[unreadable] });
  const input = gather({ path: request.params as Record<string, unknown>, query, headers: request.headers, body }, strays);
  return pipeline.ready(request, request.principal, input, strays);
}

/** Registers a handler at every URL of an operation. */
export function register(
  scope: FastifyInstance,
  { pipeline, urls }: Route,
  options: { readonly bodyLimit?: number; readonly head?: boolean },
  handler: (request: FastifyRequest, reply: FastifyReply) => unknown,
): void {
  const { method, spec } = pipeline.operation;
  const { bodyLimit, head = true } = options;
  const onRequest = entering(pipeline);
  for (const url of urls) {
    scope.route({
      method,
      url,
      onRequest,
      handler,
      exposeHeadRoute: head && method === "GET",
      config: { page: spec.produces?.includes("text/html") === true, ...(spec.speaks && { speaks: spec.speaks }) },
      ...(bodyLimit !== undefined && { bodyLimit }),
    });
  }
}
