import type { z } from "zod";
import type { Fields, Operation, Redirect, Replies, Schema, Spec } from "./define.ts";

type Flat<T> = { [K in keyof T]: T[K] } & {};
type In<T> = T extends Schema ? z.input<T> : unknown;
type Out<T> = T extends Schema ? z.output<T> : unknown;
type Names<T> = T extends Fields ? keyof T["_zod"]["def"]["shape"] & string : never;

/** "/api/repos/:repoId/tree/:ref/*" -> "repoId" | "ref" | "path" */
type Placeholder<P extends string> = P extends `${infer Head}/${infer Tail}`
  ? Placeholder<Head> | Placeholder<Tail>
  : P extends "*"
    ? "path"
    : P extends `:${infer Name}.${string}`
      ? Name
      : P extends `:${infer Name}`
        ? Name
        : never;
type Ids<O extends Operation> = { [K in Exclude<Placeholder<O["path"]>, Names<O["spec"]["params"]>>]: string };

/** The names that the flat input of an operation may have. */
export type InputKey<P extends string, S extends Spec> = Placeholder<P> | Names<S["query"]> | Names<S["headers"]> | Names<S["body"]>;
/** What a client sends. */
export type InputOf<O extends Operation> = Flat<
  Ids<O> & In<O["spec"]["params"]> & In<O["spec"]["query"]> & In<O["spec"]["headers"]> & In<O["spec"]["body"]>
>;
/** What a handler gets: parsed, with defaults filled in. */
export type ParsedOf<O extends Operation> = Flat<
  Ids<O> & Out<O["spec"]["params"]> & Out<O["spec"]["query"]> & Out<O["spec"]["headers"]> & Out<O["spec"]["body"]>
>;
export type OutputOf<O extends Operation> = Out<O["spec"]["output"]>;
export type EmitsOf<O extends Operation> = Out<O["spec"]["emits"]>;
export type ReceivesOf<O extends Operation> = Out<O["spec"]["receives"]>;

/** A cookie to set; `max_age` in seconds, 0 clears it. `Path=/` unless said; always HttpOnly. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly max_age?: number;
  readonly path?: string;
  readonly secure?: boolean;
  readonly same_site?: "lax" | "strict" | "none";
}
type Statuses<R extends Replies> = R["statuses"] extends readonly (infer Status)[] ? Status : 200;
type Headers<R extends Replies> = R["headers"] extends Fields ? { readonly headers: z.output<R["headers"]> } : unknown;
type Cookies<R extends Replies> = R["cookies"] extends readonly string[] | "any" ? { readonly cookies?: readonly Cookie[] } : unknown;
/** An answer with an output, or, where a redirect is declared, one that leads elsewhere. */
export type Reply<R extends Replies, Output> = Headers<R> &
  Cookies<R> &
  (
    | { readonly status: Exclude<Statuses<R>, Redirect | 204>; readonly output: Output }
    | (204 extends Statuses<R> ? { readonly status: 204 } : never)
    | (Extract<Statuses<R>, Redirect> extends never
        ? never
        : { readonly status: Extract<Statuses<R>, Redirect>; readonly location: string })
  );
/** What a handler of a JSON operation answers: its output, or a reply where the contract declares one. */
export type AnsweredOf<O extends Operation> = O["spec"] extends { readonly reply: infer R extends Replies }
  ? Reply<R, OutputOf<O>>
  : OutputOf<O>;
