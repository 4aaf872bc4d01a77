/** Every code that the API answers an error with, and its HTTP status. */
export const errorStatus = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  GONE: 410,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RATE_LIMITED: 429,
  INTERNAL_ERROR: 500,
  UNAVAILABLE: 503,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof errorStatus;

/** `details.reason`, a closed set per code: clients branch on it, never on a message. */
export const reasons = {
  BAD_REQUEST: ["malformed", "host", "invalid", "bad_cursor", "missing_provider", "unsafe_path", "bad_archive", "archive_too_large"],
  UNAUTHORIZED: ["missing", "invalid", "expired", "revoked"],
  FORBIDDEN: [
    "role",
    "scope",
    "session_required",
    "workspace_token",
    "origin",
    "policy",
    "separate_author",
    "destroy_role",
    "person_required",
    "csrf",
  ],
  NOT_FOUND: [],
  CONFLICT: [
    "stale",
    "digest_mismatch",
    "locked",
    "not_locked",
    "expired",
    "discarded",
    "approvals_missing",
    "already_applied",
    "already_resolved",
    "already_current",
    "not_planned",
    "terminal",
    "name_taken",
    "idempotency_key_reused",
    "in_use",
    "run_active",
    "recovery_open",
    "plan_again",
    "lost_race",
    "tool_pinned",
    "not_empty",
    "runner_pool",
    "ledger_unacknowledged",
    "old_epoch",
    "recipe_gone",
    "connection_unavailable",
    "wrong_phase",
    "limit",
    "inactive",
    "already_member",
    "owner",
  ],
  GONE: ["expired", "deleted", "damaged"],
  PRECONDITION_FAILED: ["lineage", "serial", "changed", "connection_unavailable", "exchange_failed"],
  PAYLOAD_TOO_LARGE: ["body", "file"],
  UNSUPPORTED_MEDIA_TYPE: ["type", "encoding"],
  RATE_LIMITED: ["requests", "attempts", "streams", "runs"],
  INTERNAL_ERROR: [],
  UNAVAILABLE: ["database", "starting", "stopping", "storage", "busy"],
} as const satisfies Record<ErrorCode, readonly string[]>;

export type Reason<C extends ErrorCode = ErrorCode> = (typeof reasons)[C][number];
/** `fields`: what was wrong with an input. `retry_after_ms`: becomes Retry-After. Everything else is the operation's own. */
export type Details<C extends ErrorCode = ErrorCode> = {
  readonly reason?: Reason<C>;
  readonly fields?: readonly { readonly path: string; readonly message: string }[];
  readonly retry_after_ms?: number;
  readonly [name: string]: unknown;
};
type Given = { readonly [C in ErrorCode]: readonly [code: C, message: string, details?: Details<C>] }[ErrorCode];

/** The only error that crosses a package border, as itself or as a Trespass. `message` says what was wrong, where, and what to do. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly details: Details | undefined;
  constructor(...[code, message, details]: Given) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.details = details;
  }

  /** The error of an envelope that came over the wire. */
  static received({ code, message, details }: { code: ErrorCode; message: string; details?: Details | undefined }): ApiError {
    return new ApiError(...([code, message, details] as Given));
  }
}

/** Somebody asked for what is another's: refused as what is not there, or is over, and recorded as a denial where it was tried. */
export class Trespass extends ApiError {
  /** Whose it is; null where nobody knows. */
  readonly workspace_id: string | null;
  /** What was asked for: ids and counts. */
  readonly about: Readonly<Record<string, unknown>>;
  constructor(workspace_id: string | null, about: Readonly<Record<string, unknown>>, ...given: Given) {
    super(...given);
    this.workspace_id = workspace_id;
    this.about = about;
  }
}
