import type { ApiError, ErrorCode } from "./errors.ts";

/** How OAuth calls what the API refuses with this code: RFC 6749 (5.2), RFC 6750 (3.1), and RFC 8628 (3.5) for who comes too often. */
const names = {
  BAD_REQUEST: "invalid_request",
  UNAUTHORIZED: "invalid_token",
  FORBIDDEN: "access_denied",
  NOT_FOUND: "invalid_request",
  CONFLICT: "invalid_request",
  GONE: "invalid_request",
  PRECONDITION_FAILED: "invalid_request",
  PAYLOAD_TOO_LARGE: "invalid_request",
  UNSUPPORTED_MEDIA_TYPE: "invalid_request",
  RATE_LIMITED: "slow_down",
  INTERNAL_ERROR: "server_error",
  UNAVAILABLE: "temporarily_unavailable",
} as const satisfies Record<ErrorCode, string>;

export interface OauthError {
  readonly error: string;
  /** In the characters that RFC 6749 allows it. */
  readonly error_description: string;
}

/** The same refusal in OAuth's own shape. */
export const oauthErrorOf = ({ code, message, details }: Pick<ApiError, "code" | "message" | "details">): OauthError => ({
  error: details?.reason === "scope" ? "insufficient_scope" : names[code],
  error_description: message.replaceAll("…", "...").replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'"),
});
