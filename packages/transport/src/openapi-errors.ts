import { type Details, type ErrorCode, errorStatus, type Reason, reasons } from "@takosumi/contracts/errors";
import { z } from "zod";
import type { ZodOpenApiResponseObject } from "zod-openapi";

const codes = Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]];
const allReasons = [...new Set(Object.values(reasons).flat())];

/** What every refusal and failure looks like. */
export const envelope = z
  .object({
    error: z.object({
      code: z.enum(codes),
      message: z.string().meta({ description: "What was wrong, where, and what to do; for people" }),
      details: z
        .looseObject({
          reason: z.enum(allReasons).optional().meta({ description: "Closed set per code: branch on it, never on the message" }),
          fields: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
          request_id: z.string().optional(),
        })
        .optional(),
    }),
  })
  .meta({ id: "Error" });

const name = "is not a name: a-z, 0-9 and -, 1 to 63 characters, not - first or last";
const absent = "There is no such capsule";
/** How each code reads when it is answered. */
const examples: { readonly [C in ErrorCode]: readonly [message: string, details?: Details<C>] } = {
  BAD_REQUEST: [`name: ${name}`, { reason: "invalid", fields: [{ path: "name", message: name }] }],
  UNAUTHORIZED: ["Sign in, or send a token as Authorization: Bearer …", { reason: "missing" }],
  FORBIDDEN: ["Your role, viewer, does not include run:plan", { reason: "role", permission: "run:plan" }],
  NOT_FOUND: [absent, { fields: [{ path: "capsule_id", message: absent }] }],
  CONFLICT: [
    "name: web is the name of another Capsule of this Project",
    { reason: "name_taken", fields: [{ path: "name", message: "web is taken in this Project" }] },
  ],
  GONE: ["It was deleted", { reason: "deleted" }],
  PRECONDITION_FAILED: ["The state has another lineage than the Capsule's: it belongs to something else", { reason: "lineage" }],
  PAYLOAD_TOO_LARGE: ["The body is larger than this operation takes"],
  UNSUPPORTED_MEDIA_TYPE: ["This operation takes application/json: say so in Content-Type"],
  RATE_LIMITED: ["Too many requests of you: wait 2 s", { reason: "requests", retry_after_ms: 2_000 }],
  INTERNAL_ERROR: ["Something failed on our side: quote the request id req_8f3a1c000001", { request_id: "req_8f3a1c000001" }],
  UNAVAILABLE: ["The database does not answer: try again", { reason: "database", retry_after_ms: 5_000 }],
};

const named = (list: readonly Reason[]): string => (list.length > 0 ? ` Its reasons: ${list.map((one) => `\`${one}\``).join(", ")}.` : "");
export const retryAfter = z.object({ "retry-after": z.string().meta({ description: "Seconds" }) });
/** Whether it is told when to come back. */
export const waits = (code: ErrorCode): boolean => code === "RATE_LIMITED" || code === "UNAVAILABLE";

const said = (code: ErrorCode): ZodOpenApiResponseObject => {
  const [message, details] = examples[code];
  return {
    id: code,
    description: `\`${code}\`.${named(reasons[code])}`,
    content: { "application/json": { schema: envelope, example: { error: { code, message, ...(details && { details }) } } } },
    ...(waits(code) && { headers: retryAfter }),
  };
};

/** Answered before anybody knows for which operation. */
export const tooLargeHeaders: ZodOpenApiResponseObject = {
  id: "HEADERS_TOO_LARGE",
  description: "The headers of the request are larger than 16 KiB",
  content: { "application/json": { schema: envelope } },
};

/** The answer of each code: one object each, so that a document says it once. */
export const errorBodies = Object.fromEntries(codes.map((code) => [code, said(code)])) as Readonly<
  Record<ErrorCode, ZodOpenApiResponseObject>
>;
