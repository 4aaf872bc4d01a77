import type { z } from "zod";
import type { Access, Places } from "./access.ts";
import type { Context } from "./contexts.ts";
import type { ErrorCode } from "./errors.ts";
import type { InputKey } from "./infer.ts";

export type Schema = z.core.$ZodType;
export type Fields = z.core.$ZodObject;
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type Kind = "json" | "events" | "socket" | "download" | "upload" | "protocol";
export type Success = 200 | 201 | 202 | 204;
export type Redirect = 302 | 303 | 307 | 308;

/** What a success may be beyond one status and an output. Its handler answers a `Reply` instead of the plain output. */
export interface Replies {
  readonly statuses?: readonly [Success | Redirect, ...(Success | Redirect)[]];
  /** Response headers by lower-case name. */
  readonly headers?: Fields;
  /** Names of the cookies that it may set or clear, or `any` where the name depends on a setting. */
  readonly cookies?: readonly string[] | "any";
}
export interface Example {
  readonly summary: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** All that an operation can say of itself. What its kind needs and allows stands below. */
export interface Spec {
  readonly summary: string;
  readonly access: Access;
  /** More than the summary says, in Markdown. */
  readonly about?: string;
  /** Placeholders of the path that are anything but an opaque id; `*` is called `path`. */
  readonly params?: Fields;
  readonly query?: Fields;
  /** Request headers that are inputs, by lower-case name. */
  readonly headers?: Fields;
  readonly body?: Fields;
  readonly output?: Schema;
  /** 200 where nothing is said. */
  readonly status?: 201 | 202 | 204;
  readonly reply?: Replies;
  /** The action that the change is recorded under, or why it is not recorded. */
  readonly audit?: `${string}.${string}` | `none: ${string}`;
  /** The output's text field that `Accept: text/plain` answers raw; the other fields become `X-<Field>-*` headers. */
  readonly plain?: string;
  /** A message that a stream sends, and one that a socket accepts. */
  readonly emits?: Schema;
  readonly receives?: Schema;
  /** Media types of the bytes that go out or come in, and how many bytes may come in. */
  readonly produces?: readonly string[];
  readonly accepts?: readonly string[];
  readonly limit?: number;
  /** Whose shape errors have that do not come from the handler; left out, the API's. */
  readonly speaks?: "oauth";
  readonly examples?: readonly Example[];
  /** Errors beyond those that the access rule and the input bring with them. */
  readonly errors?: readonly ErrorCode[];
}
type Always = "summary" | "access" | "about" | "params" | "query" | "headers" | "errors";
type Needs<Needed extends keyof Spec, Allowed extends keyof Spec = never> = Pick<Spec, Always | Allowed> & Required<Pick<Spec, Needed>>;
type Read = Needs<"output", "plain" | "reply" | "status">;
type Write = Needs<"output" | "audit", "body" | "status" | "reply" | "limit" | "examples">;
type Upload = Needs<"output" | "audit" | "accepts" | "limit", "status" | "reply">;
type Protocol = Needs<"audit" | "produces", "body" | "limit" | "accepts" | "status" | "examples" | "speaks">;

export interface Operation<K extends Kind = Kind, M extends Method = Method, P extends string = string, S extends Spec = Spec> {
  readonly kind: K;
  readonly method: M;
  readonly path: P;
  readonly spec: S;
}

type At<P extends string, S extends Spec> = readonly Places<InputKey<P, S>>[];
/** `access` names inputs that the operation has; no field is misspelt. Conditional, so that what is right costs no intersection: 3.6x fewer types. */
type Checked<P extends string, S extends Spec, Accepted> = S &
  (S["access"]["at"] extends At<P, S> ? unknown : { readonly access: { readonly at: At<P, S> } }) & {
    readonly [Unknown in Exclude<keyof S, keyof Accepted>]: never;
  };

const define =
  <Accepted extends Spec>() =>
  <K extends Kind, M extends Method>(kind: K, method: M) =>
  <const P extends `/${string}`, const S extends Accepted>(path: P, spec: Checked<P, S, Accepted>): Operation<K, M, P, S> => ({
    kind,
    method,
    path,
    spec,
  });

export const get = define<Read>()("json", "GET");
export const post = define<Write>()("json", "POST");
export const put = define<Write>()("json", "PUT");
export const patch = define<Write>()("json", "PATCH");
export const del = define<Write>()("json", "DELETE");
/** Server-Sent Events in batches, resumed after `Last-Event-ID`. */
export const events = define<Needs<"emits">>()("events", "GET");
/** A WebSocket of JSON messages. */
export const socket = define<Needs<"emits" | "receives">>()("socket", "GET");
/** One that is recorded before the bytes leave says so by `audit`. */
export const download = define<Needs<"produces", "audit">>()("download", "GET");
export const upload = { post: define<Upload>()("upload", "POST"), put: define<Upload>()("upload", "PUT") };
/**
 * A wire format of its own (git, OAuth, ActivityPub): its handler speaks it, everything else about it is said here. With a `body` the
 * pipeline reads a form or JSON; without one the handler reads the request's stream. Without a `query` the handler reads the URL likewise.
 */
export const protocol = {
  get: define<Protocol>()("protocol", "GET"),
  post: define<Protocol>()("protocol", "POST"),
  put: define<Protocol>()("protocol", "PUT"),
  del: define<Protocol>()("protocol", "DELETE"),
};

export type Operations = Readonly<Record<string, Operation>>;
export interface Family<N extends string = string, O extends Operations = Operations, C extends Context = Context> {
  readonly name: N;
  readonly context: C;
  readonly about: string;
  readonly operations: O;
}
export const family = <const N extends string, const O extends Operations, const C extends Context>(
  name: N,
  { context, about }: { readonly context: C; readonly about: string },
  operations: O,
): Family<N, O, C> => ({ name, context, about, operations });
/** Families by name. */
export type FamilySet = Readonly<Record<string, Family>>;
