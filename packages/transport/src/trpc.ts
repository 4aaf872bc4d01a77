import { meaningOf } from "@takosumi/contracts/contexts";
import type { FamilySet, Operation } from "@takosumi/contracts/define";
import { ApiError, type ErrorCode, errorStatus } from "@takosumi/contracts/errors";
import { inRouter, type RouterOf } from "@takosumi/contracts/router";
import { initTRPC, TRPCError, tracked } from "@trpc/server";
import superjson from "superjson";
import { type EventEncoder, eventEncoder } from "./batches.ts";
import type { Arrival, Pipeline } from "./execute.ts";
import type { Lifetimes } from "./lifetime.ts";
import type { Streams } from "./streams.ts";

/** What a procedure is called with: the request at the door. */
export interface TrpcContext {
  readonly arrival: Arrival;
  /** Turns anything thrown into one of our errors, and logs what was not expected. */
  readonly failed: (cause: unknown) => ApiError;
}
export interface TrpcSurroundings {
  readonly lifetimes: Lifetimes;
  readonly streams: Streams;
}

const t = initTRPC.context<TrpcContext>().create({
  transformer: superjson,
  sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 45_000 } },
  // tRPC's own shape carries a stack unless NODE_ENV is production, and the message of whatever was thrown.
  errorFormatter: ({ shape, error }) => {
    const { code, message, details } = apiErrorOf(error);
    return { ...shape, message, data: { code, httpStatus: errorStatus[code], details } };
  },
});

const ownErrors: Partial<Record<TRPCError["code"], readonly [ErrorCode, string]>> = {
  NOT_FOUND: ["NOT_FOUND", "There is no such procedure"],
  METHOD_NOT_SUPPORTED: ["BAD_REQUEST", "Queries are GET, mutations are POST"],
  PAYLOAD_TOO_LARGE: ["PAYLOAD_TOO_LARGE", "The body is larger than this takes"],
  UNSUPPORTED_MEDIA_TYPE: ["UNSUPPORTED_MEDIA_TYPE", "Send application/json"],
  PARSE_ERROR: ["BAD_REQUEST", "The input is not JSON as superjson writes it"],
  BAD_REQUEST: ["BAD_REQUEST", "The request is malformed: wrong paths, too many calls in a batch, or an input that is not JSON"],
};

/** tRPC's own refusals in our words; what a procedure threw is one of ours already. */
export function apiErrorOf(error: TRPCError): ApiError {
  if (error.cause instanceof ApiError) return error.cause;
  const [code, message] = ownErrors[error.code] ?? ["INTERNAL_ERROR", "Something failed on our side"];
  return ApiError.received({ code, message });
}

/** The tRPC router of the contracts: the same pipeline as REST behind every procedure. */
export function routerOf<FS extends FamilySet>(
  families: FS,
  pipelines: (family: string, operation: string) => Pipeline,
  surroundings: TrpcSurroundings,
): RouterOf<FS> {
  const shown = Object.entries(families).filter(([, { context }]) => !meaningOf(context).hidden);
  const routers = shown.map(([family, { operations }]) => {
    const served = Object.entries(operations).filter(([, operation]) => inRouter(operation));
    const procedures = served.map(([name, operation]) => [name, procedureOf(operation, pipelines(family, name), surroundings)]);
    return [family, t.router(Object.fromEntries(procedures))];
  });
  return t.router(Object.fromEntries(routers)) as unknown as RouterOf<FS>;
}

/** Nothing is parsed here: the pipeline parses, once it knows who asks. */
const procedure = t.procedure.input((given: unknown) => given);
type Given = { readonly ctx: TrpcContext; readonly input: unknown; readonly signal?: AbortSignal | undefined };

function procedureOf(operation: Operation, pipeline: Pipeline, surroundings: TrpcSurroundings) {
  if (operation.kind === "events") {
    const encoder = eventEncoder(pipeline.id, operation.spec.emits ?? never(pipeline.id));
    return procedure.subscription((given) => followed(given, pipeline, encoder, surroundings));
  }
  const handle = async ({ ctx: { arrival, failed }, input, signal }: Given) => {
    try {
      const principal = await pipeline.enter(arrival);
      const ready = await pipeline.ready(arrival, principal, fields(input));
      const { output } = await pipeline.answer(arrival, ready, { signal: () => surroundings.lifetimes.within(signal) });
      return output;
    } catch (cause) {
      throw wrapped(failed(cause));
    }
  };
  return operation.method === "GET" ? procedure.query(handle) : procedure.mutation(handle);
}

async function* followed(
  { ctx: { arrival, failed }, input, signal }: Given,
  pipeline: Pipeline,
  { checked }: EventEncoder,
  { streams }: TrpcSurroundings,
) {
  const { lastEventId, ...rest } = fields(input);
  const after = typeof lastEventId === "string" && lastEventId !== "" ? lastEventId.slice(0, 256) : null;
  try {
    const principal = await pipeline.enter(arrival);
    const ready = await pipeline.ready(arrival, principal, rest);
    const stream = streams.open(ready);
    signal?.addEventListener("abort", stream.close, { once: true });
    try {
      const batches = await pipeline.call(arrival, ready, { signal: () => stream.signal, more: { after } });
      for await (const batch of (batches ?? []) as AsyncIterable<readonly unknown[]>) {
        for (const { id, data } of checked(batch)) {
          if (stream.signal.aborted) return;
          yield tracked(id, data);
        }
      }
    } finally {
      stream.close();
    }
  } catch (cause) {
    throw wrapped(failed(cause));
  }
}

const wrapped = (cause: ApiError): TRPCError => new TRPCError({ code: "INTERNAL_SERVER_ERROR", message: cause.message, cause });
const never = (id: string): never => {
  throw new Error(`${id} does not say what it emits`);
};
/** No input is an empty one; anything but an object becomes a field that no operation has, and so is refused by name. */
const fields = (input: unknown): Record<string, unknown> => {
  if (input === undefined || input === null) return {};
  return typeof input === "object" && !Array.isArray(input) ? { ...input } : { input };
};
