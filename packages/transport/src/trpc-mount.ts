import { ApiError } from "@takosumi/contracts/errors";
import type { AnyTRPCRouter, TRPCError } from "@trpc/server";
import { fastifyRequestHandler } from "@trpc/server/adapters/fastify";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Application } from "./application.ts";
import { failureOf } from "./failures.ts";
import type { TrpcContext } from "./trpc.ts";

const maxCalls = 20;

/** The router at `/trpc/<paths>`, for `httpBatchLink`, `httpLink` and `httpSubscriptionLink`. */
export function mountTrpc(scope: FastifyInstance, router: AnyTRPCRouter, { translate }: Application): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => done(prototypes(String(body)), body));
  const createContext = ({ req }: { readonly req: FastifyRequest }): TrpcContext => ({
    arrival: req,
    failed: (cause: unknown): ApiError => {
      const { error, unexpected } = failureOf(cause, req.id, translate);
      if (unexpected) req.log.error({ err: cause, request_id: req.id }, "unexpected error");
      return error;
    },
  });
  for (const method of ["GET", "POST"] as const) {
    scope.route({
      method,
      url: "/trpc/:path",
      exposeHeadRoute: false,
      handler: async (req, res) => {
        const { path } = req.params as { path: string };
        await fastifyRequestHandler({
          router,
          req,
          res,
          path,
          createContext,
          maxBatchSize: maxCalls,
          onError: ({ error }) => logUnknown(req, error),
        });
      },
    });
  }
}

/** superjson would drop such a key without a word; over REST it is refused. */
const prototypes = (body: string): ApiError | null =>
  /"__proto__"\s*:/.test(body) ? new ApiError("BAD_REQUEST", "__proto__ is not a name that may be used", { reason: "invalid" }) : null;

/** What a procedure throws has been logged; what fails before one is reached has not. */
function logUnknown(request: FastifyRequest, error: TRPCError): void {
  const ours = error.cause?.name === "ApiError" || error.code !== "INTERNAL_SERVER_ERROR";
  if (!ours) request.log.error({ err: error, request_id: request.id }, "tRPC failed");
}
