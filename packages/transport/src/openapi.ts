import { needsCaller } from "@takosumi/contracts/access";
import { meaningOf } from "@takosumi/contracts/contexts";
import type { Family, FamilySet, Operation, Spec } from "@takosumi/contracts/define";
import { type ErrorCode, errorStatus } from "@takosumi/contracts/errors";
import { fieldsOf, pathFields } from "@takosumi/contracts/input";
import { z } from "zod";
import {
  createDocument,
  type oas31,
  type ZodOpenApiOperationObject,
  type ZodOpenApiParameters,
  type ZodOpenApiPathsObject,
} from "zod-openapi";
import { takesKey } from "./idempotency.ts";
import { envelope } from "./openapi-errors.ts";
import { type Links, linksOf } from "./openapi-links.ts";
import { responsesOf } from "./openapi-responses.ts";

export interface Info {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

/** "/tree/:ref/*" -> "/tree/{ref}/{path}" */
export const braced = (path: string) => path.replace(/:([A-Za-z_]+)/g, "{$1}").replace("*", "{path}") as `/${string}`;

/** The OpenAPI 3.1 document of the families that are not hidden, straight from their contracts. */
export function openApiOf(families: FamilySet, info: Info): oas31.OpenAPIObject {
  const shown = Object.values(families).filter(({ context }) => !meaningOf(context).hidden);
  const paths: ZodOpenApiPathsObject = {};
  for (const family of shown) {
    for (const [name, operation] of Object.entries(family.operations)) {
      const item = (paths[braced(operation.path)] ??= {});
      const links = linksOf(operation, shown);
      item[operation.method.toLowerCase() as Lowercase<Operation["method"]>] = described(family, name, operation, links);
    }
  }
  return createDocument({
    openapi: "3.1.1",
    info: { ...info, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/" }],
    tags: shown.map(({ name, about }) => ({ name, description: about })),
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "A personal access token `tak_pat_…`, or an OAuth access token `tak_oat_…`",
        },
      },
      schemas: { Error: envelope },
    },
  });
}

/** The access rule, in words and in a form for tools. */
function described({ name: tag }: Family, name: string, operation: Operation, links: Links | undefined): ZodOpenApiOperationObject {
  const { spec } = operation;
  const { by, rule } = spec.access;
  const closed = needsCaller(spec.access);
  const granted =
    by === "permission"
      ? `Needs the permission \`${rule}\`.`
      : by === "session"
        ? "Only from a browser session."
        : rule && closed
          ? `Needs the scope \`${rule}\`.`
          : "";
  const description = [spec.about, granted].filter(Boolean).join("\n\n");
  const body = requestBody(operation);
  return {
    operationId: `${tag}.${name}`,
    summary: spec.summary,
    ...(description && { description }),
    tags: [tag],
    requestParams: parameters(operation),
    ...(body && { requestBody: body }),
    responses: responsesOf(operation, errorsOf(operation), links),
    security: closed ? [{ bearer: [] }] : [{}, { bearer: [] }],
    ...(by === "permission" && { "x-permission": rule }),
  };
}

function parameters(operation: Operation): ZodOpenApiParameters {
  const { spec, kind } = operation;
  const headers = {
    ...fieldsOf(spec.headers),
    ...(takesKey(operation) && { "idempotency-key": idempotencyKey }),
    ...(kind === "events" && { "last-event-id": lastEventId }),
  };
  return {
    path: z.object(pathFields(operation)),
    query: z.object(fieldsOf(spec.query)),
    header: z.object(headers),
  };
}
const idempotencyKey = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .meta({ description: "The same key and request get the first answer again for 24 hours; the same key with another request is 409" });
const lastEventId = z.string().optional().meta({ description: "The id of the last event that was received: the stream goes on after it" });

function requestBody({ kind, method, spec }: Operation): ZodOpenApiOperationObject["requestBody"] {
  if (kind === "upload" || (kind === "protocol" && spec.accepts && !spec.body)) {
    return {
      required: true,
      content: Object.fromEntries((spec.accepts ?? []).map((type) => [type, { schema: { type: "string", format: "binary" } as const }])),
    };
  }
  if (!spec.body || method === "GET") return undefined;
  const examples =
    spec.examples && Object.fromEntries(spec.examples.map(({ summary, value }, i) => [`example${i + 1}`, { summary, value }]));
  const required = !z.safeParse(spec.body, {}).success;
  const type = kind === "protocol" ? "application/x-www-form-urlencoded" : "application/json";
  return { required, content: { [type]: { schema: spec.body as z.core.$ZodType as z.ZodType, ...(examples && { examples }) } } };
}

/** What an operation may fail with: what it says itself, and what its rule, its input and its kind bring along. */
export function errorsOf(operation: Operation): readonly ErrorCode[] {
  const { kind, spec } = operation;
  const { access, errors = [] } = spec satisfies Spec;
  const named = new Set<ErrorCode>(["BAD_REQUEST", ...errors, "RATE_LIMITED", "INTERNAL_ERROR", "UNAVAILABLE"]);
  if (needsCaller(access)) named.add("UNAUTHORIZED");
  if (access.by === "permission" || access.by === "session" || (access.by === "caller" && access.rule)) named.add("FORBIDDEN");
  if (access.at.length > 0) named.add("NOT_FOUND");
  if (kind === "upload" || spec.body) named.add("PAYLOAD_TOO_LARGE").add("UNSUPPORTED_MEDIA_TYPE");
  if (takesKey(operation)) named.add("CONFLICT");
  return [...named].sort((a, b) => errorStatus[a] - errorStatus[b]);
}
