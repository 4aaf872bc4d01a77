import type { IncomingHttpHeaders } from "node:http";
import type { Entity, Role, Scheme } from "@takosumi/contracts/access";
import type { ApiError, ErrorCode } from "@takosumi/contracts/errors";

/** Who asks. */
export interface Principal {
  readonly id: string;
  readonly kind: "user" | "agent" | "service" | "runner";
  readonly name: string;
  /** What the token may do at most; `*` is all that the role may. */
  readonly scopes: "*" | readonly string[];
  readonly token_id: string | null;
  readonly address: string | null;
  /** Signed in with a browser session, not with a token. */
  readonly session?: boolean;
  /** The one Workspace that the token is bound to. Such a token never acts on the account. */
  readonly workspace_id?: string | null;
  /** When the credential ends, and with it every stream that it opened; null or absent: never. */
  readonly expires_at?: Date | null;
}

/** What stands at the door before anybody read the body. */
export interface Door {
  readonly headers: IncomingHttpHeaders;
  readonly address: string;
  /** `any`: session cookie, PAT, OAuth token. Otherwise what the operation's `credential(…)` names. */
  readonly scheme: "any" | Scheme;
  /** The HTTP method and whether it is a WebSocket handshake: what a cookie needs an Origin for. */
  readonly method: string;
  readonly upgrade: boolean;
}

/** From where a request came. */
export interface Origin {
  readonly request_id: string;
  readonly address: string;
  /** At most 256 characters; null where none was sent. */
  readonly user_agent: string | null;
}

/** Where one call stands; handed to everything that records. */
export interface RequestContext extends Origin {
  /** `runs.create` */
  readonly operation: string;
  /** The HTTP method of the operation, however it was called. */
  readonly method: string;
  readonly principal: Principal | null;
  /** The Workspace of the innermost located row, null where nothing was located. */
  readonly workspace_id: string | null;
  /** The located rows by entity. */
  readonly located: Readonly<Record<string, object>>;
}

export interface Row {
  readonly id: string;
}

/** One AuditEvent to append when the unit commits. */
export interface AuditRecord {
  /** `run.queued` */
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string };
  readonly workspace_id: string | null;
  /** Null or absent: the principal of the call. */
  readonly actor?: Pick<Principal, "id" | "kind" | "name"> | null;
  /** Names, ids, digests and counts; never a value that somebody keeps secret. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The row that `work` returned: `capsule_id` and `run_id` may be read from it. */
  readonly row: Row;
}

/** One use of an Idempotency-Key. Unique by (principal_id, key); kept for 24 h. */
export interface Claim {
  readonly key: string;
  readonly principal_id: string;
  readonly operation: string;
  /** SHA-256 (hex) of operation and parsed input. It may cover a secret: keep it keyed (HMAC) or sealed, never bare. */
  readonly digest: string;
}

/** A success as it went out, to be sealed with the claim. */
export interface Answer {
  readonly status: number;
  /** Response headers that the contract declares, lower case; `set-cookie` is never kept. */
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON text; "" for a 204. */
  readonly body: string;
}

/** An earlier answer of the same key. The pipeline compares operation and digest. */
export interface Replay extends Answer {
  readonly operation: string;
  readonly digest: string;
}

/** A refusal to record: 403, a credential that was sent and is not valid, or a trespass. Aggregated by the application. */
export interface Denial extends Origin {
  readonly operation: string;
  readonly principal: Principal | null;
  readonly workspace_id: string | null;
  readonly code: ErrorCode;
  readonly message: string;
  /** Of a trespass: what was asked for. */
  readonly about: Readonly<Record<string, unknown>>;
  /** The permission that was missing. */
  readonly permission: string | null;
}

export interface Found {
  readonly row: object;
  readonly role: Role;
  readonly workspace_id: string | null;
}

/** One transaction: the change, its AuditEvents and the idempotency claim, committed as one. */
export interface Unit {
  /** What a handler's `work` gets: `World["tx"]`. */
  readonly tx: object;
  /** Inserts the claim, waiting for a running holder of the same key; false when that one committed: the pipeline replays it. */
  claim(claim: Claim): Promise<boolean>;
  /** Remembers an event; it is appended (chain head locked last) inside `commit`. */
  record(event: AuditRecord): void | Promise<void>;
  /** Appends the events, stores the sealed answer with the claim (null: there is no claim), commits. Throws when it could not. */
  commit(answer: Answer | null): Promise<void>;
  /** Safe after a failed statement and after a failed commit. */
  rollback(): Promise<void>;
}

/** What the pipeline asks of the application. Where a promise is optional, none is cheaper. */
export interface Application {
  /** Null where nothing was sent; throws UNAUTHORIZED for a bad, expired or revoked credential and never falls back to a cookie. */
  authenticate(door: Door): Promise<Principal | null>;
  /** Throws RATE_LIMITED with `details.retry_after_ms`. `operation` is `runs.create`; `arrival` stands for the request, and is not looked into. */
  admit(who: Principal | null, address: string, operation: string, arrival: object): void | Promise<void>;
  /**
   * The row of an id and the reader's role there; null for a row that is missing, foreign, or not inside `within` (the rows located
   * before it): nobody can tell these apart. `id` is undefined where the request left the place empty: the personal Workspace for
   * `workspace`, null for everything else. A stranger at something public gets the role `visitor`.
   */
  locate(entity: Entity, id: string | undefined, reader: Principal | null, within: Readonly<Record<string, object>>): Promise<Found | null>;
  /** Opens the transaction of `write`. */
  begin(context: RequestContext): Promise<Unit>;
  replay(claim: Claim): Promise<Replay | null>;
  denied(denial: Denial): void | Promise<void>;
  /** An unexpected error that has a meaning for the caller, such as a database that cannot be reached: UNAVAILABLE. Null: INTERNAL_ERROR. */
  translate(error: unknown): ApiError | null;
  /** What a person is shown in a browser where a page failed. */
  failurePage(error: ApiError, status: number): FailurePage;
}
export interface FailurePage {
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly text: string;
}
