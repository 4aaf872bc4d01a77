import type { Operation, Replies } from "@takosumi/contracts/define";
import { type ErrorCode, errorStatus } from "@takosumi/contracts/errors";
import { exampleOf } from "@takosumi/contracts/example";
import { z } from "zod";
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from "zod-openapi";
import { envelope, errorBodies, retryAfter, tooLargeHeaders, waits } from "./openapi-errors.ts";
import type { Links } from "./openapi-links.ts";
import { plainOf } from "./routes/plain.ts";

type Content = NonNullable<ZodOpenApiResponseObject["content"]>;
const binary = { type: "string", format: "binary" } as const;

/** Every status that an operation answers with. */
export function responsesOf(operation: Operation, errors: readonly ErrorCode[], links: Links | undefined): ZodOpenApiResponsesObject {
  const { kind, spec } = operation;
  const responses: Record<string, ZodOpenApiResponseObject> = {};
  const statuses = kind === "socket" ? [101] : kind === "events" ? [200, 204] : (spec.reply?.statuses ?? [spec.status ?? 200]);
  for (const status of statuses) responses[status] = success(operation, status, links);
  for (const code of errors) {
    const page = spec.produces?.includes("text/html");
    const answered = kind === "protocol" && (spec.speaks !== undefined || page || !ours.has(errorStatus[code]));
    responses[errorStatus[code]] = answered ? refusal(operation, code) : errorBodies[code];
  }
  if (kind === "protocol") Object.assign(responses, { "3XX": { description: "Elsewhere" }, "4XX": refusal(operation) });
  responses[431] = tooLargeHeaders;
  return responses as ZodOpenApiResponsesObject;
}

/** Answered before and behind any protocol that has no words of its own for it. */
const ours = new Set([429, 500, 503]);
const oauthError = z.looseObject({ error: z.string(), error_description: z.string().optional() }).meta({ id: "OauthError" });
const protocolError = z.union([envelope, oauthError]);

/** In the protocol's own shape, or in ours where it was not reached and does not say everything. */
function refusal({ spec }: Operation, code?: ErrorCode): ZodOpenApiResponseObject {
  const types = [...new Set([...(spec.produces ?? []), "application/json"])];
  const schema = spec.speaks ? oauthError : protocolError;
  return {
    description: "Refused as the protocol says it",
    content: Object.fromEntries(types.map((type) => [type, { schema: isJson(type) ? schema : binary }])),
    ...(code && waits(code) && { headers: retryAfter }),
  };
}
const isJson = (type: string): boolean => /[/+]json$/.test(type);

function success(operation: Operation, status: number, links: Links | undefined): ZodOpenApiResponseObject {
  const headers = headersOf(operation.spec.reply, status);
  const empty = status === 204 || (status >= 300 && status < 400);
  return {
    description: descriptions[status] ?? "Success",
    ...(!empty && { content: contentOf(operation) }),
    ...(headers && { headers }),
    ...(links && { links }),
  };
}

const descriptions: Record<number, string> = {
  101: "Switches to a WebSocket of these messages",
  200: "Success",
  201: "Created",
  202: "Accepted",
  204: "Done",
  302: "Elsewhere",
  303: "See there",
  307: "Elsewhere for now",
  308: "Moved",
};

function contentOf(operation: Operation): Content {
  const { kind, spec } = operation;
  if (kind === "events") return { "text/event-stream": { schema: spec.emits as z.ZodType, example: exampleOf(spec.emits as z.ZodType) } };
  if (kind === "socket") return { "application/json": { schema: spec.emits as z.ZodType } };
  if (kind === "download" || kind === "protocol")
    return Object.fromEntries((spec.produces ?? []).map((type) => [type, { schema: isJson(type) ? {} : binary }]));
  const plain = plainOf("", operation);
  const schema = spec.output as z.ZodType;
  const json = { schema, example: exampleOf(schema) };
  return { "application/json": json, ...(plain && { "text/plain": { schema: { type: "string" } } }) };
}

function headersOf(reply: Replies | undefined, status: number): z.ZodObject | undefined {
  const cookies = reply?.cookies === undefined ? {} : { "set-cookie": z.string().optional() };
  const location = status >= 300 && status < 400 ? { location: z.string() } : {};
  const named = { ...reply?.headers?._zod.def.shape, ...cookies, ...location };
  return Object.keys(named).length > 0 ? z.object(named as z.ZodRawShape) : undefined;
}
