import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { Access, Entity, Permission, Places, Role, roles } from "@takosumi/contracts/access";
import type { Family, FamilySet, Operation } from "@takosumi/contracts/define";
import type { AnsweredOf, EmitsOf, ParsedOf, ReceivesOf } from "@takosumi/contracts/infer";
import type { Origin, Principal, Row } from "./application.ts";

export type { Principal } from "./application.ts";

/** What the application brings: the row behind each entity that it locates, and the transaction that alone can write. */
export interface World {
  readonly rows: { readonly [E in Entity]?: object };
  readonly tx: object;
}

type Absent<E extends PropertyKey> = { readonly [K in E]?: never };
type EntityOf<P> = P extends Places ? keyof P : never;
/** The rows that the access rule located, by name: `{ repo, pull }`; a union where it names several places. */
type Located<At extends readonly Places[], Rows> = At extends readonly []
  ? unknown
  : Ruled &
      {
        [I in keyof At]: { readonly [E in keyof At[I] & keyof Rows]: Rows[E] } & Absent<Exclude<EntityOf<At[number]>, keyof At[I]>>;
      }[number];
/** What a located call knows of its caller. */
interface Ruled {
  /** The role in the Workspace of the innermost located row. */
  readonly role: Role;
  /** Whether role and token scopes together include a permission there. */
  readonly may: (permission: Permission) => boolean;
}

type Visitable = (typeof roles.visitor)[number];
type Caller<A extends Access> = A["by"] extends "anyone"
  ? Principal | null
  : A["by"] extends "credential"
    ? A["rule"] extends "runner"
      ? Principal
      : Principal | null
    : A["rule"] extends Visitable
      ? Principal | null
      : Principal;

/** Refines the AuditEvent of a write. Left out: the operation's action, about the row that `work` returned, in its Workspace. Null: nothing changed. */
export interface About {
  readonly action?: `${string}.${string}`;
  readonly target?: { readonly type: string; readonly id: string };
  readonly workspace_id?: string | null;
  /** Who did it, where that is only known once it is done: somebody who signs in. */
  readonly actor?: Pick<Principal, "id" | "kind" | "name">;
  /** Names, ids, digests and counts; never a secret value. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}
/**
 * Changes something: `work` runs in the call's one transaction, and the AuditEvent about the row that it returns is appended there.
 * Committed after the handler returned and its output was found to fit; an error anywhere before undoes all. Several writes of one
 * call share the transaction; reads outside `work` do not see it. (A `protocol` answers by itself, so that each write commits at once.)
 */
export type Write<Tx> = <T extends Row>(work: (tx: Tx) => T | Promise<T>, about?: About | ((row: T) => About | null)) => Promise<T>;
type Writing<O extends Operation, W extends World> = O["spec"] extends { readonly audit: `none: ${string}` }
  ? unknown
  : O["spec"] extends { readonly audit: string }
    ? { readonly write: Write<W["tx"]> }
    : unknown;

/** What each handler gets. A located row exists, is the caller's to see, and is never loaded or checked again. */
export type Call<O extends Operation, W extends World> = {
  readonly input: ParsedOf<O>;
  readonly principal: Caller<O["spec"]["access"]>;
  /** Aborted when the client went away or the server closes. */
  readonly signal: AbortSignal;
  readonly request_id: string;
  readonly from: Origin;
} & Located<O["spec"]["access"]["at"], W["rows"]> &
  Writing<O, W>;

/** One event of a stream; `id` is what a client sends back as Last-Event-ID. */
export interface Sent<T> {
  readonly id: string;
  /** The SSE event name; left out it is a plain message. */
  readonly event?: string;
  readonly data: T;
}
/** Bytes that go out. */
export interface Bytes {
  readonly body: Readable | Uint8Array | string;
  readonly type: string;
  /** The file name of a download. */
  readonly name?: string;
  readonly size?: number;
  readonly headers?: Readonly<Record<string, string>>;
}
/** Bytes that come in; reading beyond the operation's limit fails with PAYLOAD_TOO_LARGE. */
export interface Incoming {
  readonly body: Readable;
  readonly type: string;
  /** Content-Length, where the client said it. */
  readonly size?: number;
}
type Awaitable<T> = T | Promise<T>;
/** Streams yield batches. The same array given to many followers is checked and encoded once. */
export type Batches<T> = AsyncIterable<readonly T[]>;

export type Handler<O extends Operation, W extends World> = {
  json: (call: Call<O, W>) => Awaitable<AnsweredOf<O>>;
  /** Null: nothing will follow any more, so that a client should not come back (204). */
  events: (call: Call<O, W> & { readonly after: string | null }) => Awaitable<Batches<Sent<EmitsOf<O>>> | null>;
  socket: (call: Call<O, W> & { readonly messages: AsyncIterable<ReceivesOf<O>> }) => Awaitable<Batches<EmitsOf<O>>>;
  download: (call: Call<O, W>) => Awaitable<Bytes>;
  upload: (call: Call<O, W> & { readonly file: Incoming }) => Awaitable<AnsweredOf<O>>;
  protocol: (call: Call<O, W> & { readonly request: IncomingMessage; readonly response: ServerResponse }) => Awaitable<void>;
}[O["kind"]];

export type Handlers<F extends Family, W extends World> = { readonly [K in keyof F["operations"]]: Handler<F["operations"][K], W> };
export type HandlersOf<FS extends FamilySet, W extends World> = { readonly [F in keyof FS]: Handlers<FS[F], W> };

/** `implement` for one application's world. It does nothing at run time: it lends the contract's types to the handlers. */
export const implementFor =
  <W extends World>() =>
  <const F extends Family>(_contract: F, handlers: Handlers<F, W>): Handlers<F, W> =>
    handlers;
