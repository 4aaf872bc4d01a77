import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Spec } from "@takosumi/contracts/define";
import { ApiError } from "@takosumi/contracts/errors";
import { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, fastify, LogController } from "fastify";
import type { Application } from "./application.ts";
import { envelopeOf, failureOf, inWordsOf } from "./failures.ts";
import { parseQuery } from "./query.ts";

export const MiB = 1024 * 1024;
/** Of a JSON body, where an operation says no other. */
export const jsonLimit = 2 * MiB;

/** For a whole request to arrive, an upload over a slow line included (milliseconds). Its headers have a minute. */
const longestRequest = 15 * 60_000;

export interface ServerOptions {
  /** A pino logger; none, and nothing is logged. */
  readonly logger?: FastifyBaseLogger;
  /** Addresses of proxies whose X-Forwarded-For counts. */
  readonly trustedProxies?: readonly string[];
  /** A connection on which nothing moves for so long is closed (milliseconds). */
  readonly idleTimeout?: number;
}

/** A Fastify instance that answers even what no route sees in our envelope: broken URLs, broken HTTP. Hand it to `serve`. */
export function openServer({ logger, trustedProxies = [], idleTimeout = 120_000 }: ServerOptions = {}): FastifyInstance {
  const app = fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    // A logger of each request's own would only bind its id, which whoever logs says, and costs a tenth of a small read.
    childLoggerFactory: (parent) => parent,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    requestIdHeader: false,
    genReqId,
    bodyLimit: jsonLimit,
    connectionTimeout: idleTimeout,
    requestTimeout: longestRequest,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    routerOptions: { maxParamLength: 4_096, querystringParser: parseQuery },
    frameworkErrors: (error, request, reply) => sendFailure(error, request.id, reply as FastifyReply, () => null),
    clientErrorHandler: refuseBrokenHttp,
  });
  return app as unknown as FastifyInstance;
}

/** Of this process, so that two never give the same id out. */
const processId = randomBytes(6).toString("hex");
let requests = 0;

/** The caller's X-Request-Id if it is a harmless one, else ours. */
export function genReqId({ headers }: Pick<IncomingMessage, "headers">): string {
  const given = headers["x-request-id"];
  if (typeof given === "string" && /^[A-Za-z0-9._-]{1,128}$/.test(given)) return given;
  requests += 1;
  return `req_${processId}${requests.toString(36).padStart(6, "0")}`;
}

/** Answers an error in the API's envelope, as the operation's protocol says it, or as a page where one is given; logs it where it was not expected. */
export function sendFailure(
  cause: unknown,
  request_id: string,
  reply: FastifyReply,
  translate: (error: unknown) => ApiError | null,
  speaks?: Spec["speaks"],
  page?: Application["failurePage"],
): FastifyReply {
  const failure = failureOf(cause, request_id, translate);
  const { headers, body } = inWordsOf(speaks, failure);
  if (failure.unexpected) reply.log.error({ err: cause, request_id }, "unexpected error");
  const json = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };
  const shown = page?.(failure.error, failure.status) ?? { headers: json, text: body };
  return reply
    .code(failure.status)
    .headers({ ...headers, "x-request-id": request_id, ...shown.headers })
    .send(shown.text);
}

const brokenHttp: Record<string, readonly [status: string, error: ApiError]> = {
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", new ApiError("BAD_REQUEST", "The headers of the request are too large")],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", new ApiError("BAD_REQUEST", "The request did not arrive in time")],
};
const notHttp = ["400 Bad Request", new ApiError("BAD_REQUEST", "This is not a valid HTTP request", { reason: "malformed" })] as const;

function refuseBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) return void socket.destroy();
  const [status, refusal] = brokenHttp[error.code ?? ""] ?? notHttp;
  const body = envelopeOf(refusal);
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
