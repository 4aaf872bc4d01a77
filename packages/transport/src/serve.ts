import websocket from "@fastify/websocket";
import { meaningOf, type Surface } from "@takosumi/contracts/contexts";
import type { Family, FamilySet, Kind } from "@takosumi/contracts/define";
import { ApiError } from "@takosumi/contracts/errors";
import { gatherer } from "@takosumi/contracts/input";
import type { RouterOf } from "@takosumi/contracts/router";
import type { AnyTRPCRouter } from "@trpc/server";
import type { FastifyInstance } from "fastify";
import type { Application } from "./application.ts";
import { serveDocs } from "./docs.ts";
import { type Pipeline, pipelineOf } from "./execute.ts";
import { Lifetimes } from "./lifetime.ts";
import type { Info } from "./openapi.ts";
import { readsForms, readsJson, readsNothing } from "./routes/body.ts";
import { serveDownload } from "./routes/download.ts";
import { serveEvents } from "./routes/events.ts";
import { serveJson } from "./routes/json.ts";
import { serveProtocol } from "./routes/protocol.ts";
import type { Route, Surroundings } from "./routes/route.ts";
import { serveSocket } from "./routes/socket.ts";
import { serveUpload } from "./routes/upload.ts";
import { MiB, sendFailure } from "./server.ts";
import { Streams } from "./streams.ts";
import { routerOf } from "./trpc.ts";
import { mountTrpc } from "./trpc-mount.ts";
import { giveUpBody } from "./unread-body.ts";

export interface Serving<FS extends FamilySet> {
  readonly families: FS;
  /** The table of handlers: `HandlersOf<FS, World>` of the application's own world, which is where their types are checked. */
  readonly handlers: { readonly [F in keyof FS]: { readonly [K in keyof FS[F]["operations"]]: (call: never) => unknown } };
  readonly application: Application;
  readonly info: Info;
  /** Surfaces beside those that are on by default. */
  readonly surfaces?: readonly Surface[];
  /** Open streams that one principal may hold; milliseconds between signs of life, and until a reader that takes nothing is let go. */
  readonly streams?: { readonly each?: number; readonly heartbeat?: number; readonly stalled?: number };
}
export interface Served<FS extends FamilySet> {
  readonly router: RouterOf<FS>;
  /** Open event streams and sockets: `streams.end((follower) => …)` ends those of somebody who may not follow any more. */
  readonly streams: Streams;
}

/** Everything that the contracts say, over HTTP: REST, tRPC at /trpc, /openapi.json and /docs. `app` comes from `openServer`. */
export async function serve<const FS extends FamilySet>(app: FastifyInstance, serving: Serving<FS>): Promise<Served<FS>> {
  const { application, info, surfaces = [], streams: { each = 100, heartbeat = 15_000, stalled = 60_000 } = {} } = serving;
  const streams = new Streams(each);
  const lifetimes = new Lifetimes();
  const surroundings: Surroundings = { application, lifetimes, streams, heartbeat, stalled };
  const families = turnedOn(serving.families, surfaces);
  const table = serving.handlers as unknown as Record<string, Record<string, (call: object) => unknown>>;
  const routes = Object.entries(families).flatMap(([name, family]) => routesOf(application, name, family, table[name] ?? {}));
  const pipelines = new Map(routes.map(({ pipeline }) => [pipeline.id, pipeline]));
  const find = (family: string, name: string): Pipeline => pipelines.get(`${family}.${name}`) as Pipeline;

  speaksOurErrors(app, application);
  app.decorateRequest("principal", null);
  app.addHook("preClose", (done: () => void) => {
    streams.close();
    lifetimes.close();
    // Connections that fall idle only now would be kept alive, and the close with them.
    const closer = setInterval(() => app.server.closeIdleConnections(), 50);
    app.server.once("close", () => clearInterval(closer));
    done();
  });
  await app.register(websocket, { options: { maxPayload: MiB }, errorHandler: (_error, socket) => socket.terminate() });
  const read = { json: readsJson, form: readsForms, nothing: readsNothing } as const;
  for (const [how, reads] of Object.entries(read)) {
    await app.register(async (scope) => {
      reads(scope);
      for (const route of routes) if (readingOf(route) === how) serveKind[route.pipeline.operation.kind](scope, route, surroundings);
    });
  }
  const router = routerOf(families, find, surroundings);
  await app.register(async (scope) => mountTrpc(scope, router as unknown as AnyTRPCRouter, application));
  await serveDocs(app, families, info);
  return { router: router as unknown as RouterOf<FS>, streams };
}

const serveKind: Record<Kind, (scope: FastifyInstance, route: Route, surroundings: Surroundings) => void> = {
  json: serveJson,
  events: serveEvents,
  socket: serveSocket,
  download: serveDownload,
  upload: serveUpload,
  protocol: serveProtocol,
};
const readingOf = ({ pipeline: { operation } }: Route): "json" | "form" | "nothing" => {
  if (operation.kind === "upload") return "nothing";
  return operation.kind === "protocol" ? (operation.spec.body ? "form" : "nothing") : "json";
};

/** The families of surfaces that are on: an off one does not exist anywhere. */
const turnedOn = (families: FamilySet, surfaces: readonly Surface[]): FamilySet =>
  Object.fromEntries(
    Object.entries(families).filter(([, { context }]) => {
      const { off, surface } = meaningOf(context);
      return !off || surfaces.includes(surface);
    }),
  );

function routesOf(
  application: Application,
  family: string,
  { context, operations }: Family,
  handlers: Record<string, (call: object) => unknown>,
): Route[] {
  return Object.entries(operations).map(([name, operation]) => {
    const handle = handlers[name];
    if (!handle) throw new Error(`${family}.${name} has no handler`);
    const bare = meaningOf(context).bare && operation.path.startsWith("/api/") ? [operation.path.slice("/api".length)] : [];
    return {
      pipeline: pipelineOf(application, `${family}.${name}`, operation, handle),
      urls: [operation.path, ...bare],
      gather: gatherer(operation),
    };
  });
}

function speaksOurErrors(app: FastifyInstance, { translate, failurePage }: Application): void {
  app.setErrorHandler((error, request, reply) => {
    giveUpBody(request, reply);
    const { speaks, page } = request.routeOptions.config;
    const asksForPage = page === true && request.headers.accept?.includes("text/html");
    return sendFailure(error, request.id, reply, translate, speaks, asksForPage ? failurePage : undefined);
  });
  app.setNotFoundHandler((request, reply) => {
    if (request.method === "OPTIONS") return reply.code(204).header("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS").send();
    return sendFailure(new ApiError("NOT_FOUND", "There is no such route: the reference is at /docs"), request.id, reply, translate);
  });
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    done();
  });
}
