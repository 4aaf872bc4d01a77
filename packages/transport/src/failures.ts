import type { Spec } from "@takosumi/contracts/define";
import { ApiError, type ErrorCode, errorStatus } from "@takosumi/contracts/errors";
import { oauthErrorOf } from "@takosumi/contracts/oauth-errors";
import type { Application } from "./application.ts";

/** An error as it goes out. `unexpected` ones are logged, and say nothing of what happened. */
export interface Failure {
  readonly error: ApiError;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly unexpected: boolean;
}

export function failureOf(cause: unknown, request_id: string, translate: Application["translate"]): Failure {
  const known = cause instanceof ApiError ? cause : (fromFastify(cause) ?? translate(cause));
  if (known && known.code !== "INTERNAL_ERROR")
    return { error: known, status: errorStatus[known.code], headers: headersOf(known), unexpected: false };
  const error = new ApiError("INTERNAL_ERROR", `Something failed on our side: quote the request id ${request_id}`, { request_id });
  return { error, status: 500, headers: {}, unexpected: true };
}

export const envelopeOf = ({ code, message, details }: ApiError): string =>
  JSON.stringify({ error: details === undefined ? { code, message } : { code, message, details } });

/** A failure in the words of a protocol; in ours where it has none of its own. */
export function inWordsOf(speaks: Spec["speaks"], { error, headers }: Failure): Pick<Failure, "headers"> & { readonly body: string } {
  if (speaks !== "oauth") return { headers, body: envelopeOf(error) };
  const said = oauthErrorOf(error);
  // Where nothing was shown, nothing was wrong with it (RFC 6750, 3.1).
  const about = (error.code === "UNAUTHORIZED" && error.details?.reason !== "missing") || said.error === "insufficient_scope";
  return { headers: about ? { ...headers, "www-authenticate": `Bearer error="${said.error}"` } : headers, body: JSON.stringify(said) };
}

function headersOf({ code, details }: ApiError): Record<string, string> {
  if (code === "UNAUTHORIZED") return { "www-authenticate": "Bearer" };
  const after = details?.retry_after_ms ?? (code === "UNAVAILABLE" ? 5_000 : undefined);
  return after === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(after / 1_000))) };
}

const says: Partial<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ["PAYLOAD_TOO_LARGE", "The body is larger than this operation takes"],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["UNSUPPORTED_MEDIA_TYPE", "This operation takes application/json: say so in Content-Type"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["BAD_REQUEST", "The body is not as long as Content-Length says"],
  FST_ERR_BAD_URL: ["BAD_REQUEST", "The path is not validly percent-encoded"],
  FST_ERR_ASYNC_CONSTRAINT: ["BAD_REQUEST", "The request is malformed"],
};

/** What Fastify and Node refuse before a handler sees it. */
function fromFastify(cause: unknown): ApiError | null {
  if (!(cause instanceof Error)) return null;
  const { code = "", statusCode } = cause as { code?: string; statusCode?: number };
  const [known, message] = says[code] ?? [];
  if (known && message) return ApiError.received({ code: known, message });
  const refused = code.startsWith("FST_") && statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  return refused ? new ApiError("BAD_REQUEST", "The request is malformed", { reason: "malformed" }) : null;
}
