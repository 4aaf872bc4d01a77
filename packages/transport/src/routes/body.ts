import { isUtf8 } from "node:buffer";
import { ApiError } from "@takosumi/contracts/errors";
import type { FastifyInstance, FastifyRequest } from "fastify";

type Done = (error: Error | null, body?: unknown) => void;

/** JSON in UTF-8; an empty body is an empty object. What the values may be is the pipeline's business. */
export function readsJson(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (request: FastifyRequest, body: Buffer, done: Done) => {
    try {
      done(null, parsed(request, body));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** A form beside JSON: what OAuth and its like send. */
export function readsForms(scope: FastifyInstance): void {
  readsJson(scope);
  scope.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request: FastifyRequest, body: string, done: Done) => {
      const fields: Record<string, unknown> = Object.create(null);
      for (const [name, value] of new URLSearchParams(body)) fields[name] = name in fields ? [fields[name], value].flat() : value;
      done(null, fields);
    },
  );
}

/** Nothing is read: the handler gets the stream. */
export function readsNothing(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request: FastifyRequest, _payload: unknown, done: Done) => done(null));
}

function parsed({ headers }: FastifyRequest, body: Buffer): unknown {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new ApiError("UNSUPPORTED_MEDIA_TYPE", "The body is compressed: send it plain, without Content-Encoding", { reason: "encoding" });
  }
  if (body.length === 0) return {};
  if (!isUtf8(body)) throw malformed("The body is not UTF-8");
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw malformed(`The body is not JSON${at(error)}`);
  }
}

const malformed = (message: string) => new ApiError("BAD_REQUEST", message, { reason: "malformed" });
/** Where it breaks off; never the text around it, which may hold a secret. */
const at = (error: unknown): string => {
  const position = /at position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
  return position === undefined ? "" : `: it breaks off at byte ${position}`;
};
