import type { TRPCBuiltRouter, TRPCMutationProcedure, TRPCQueryProcedure, TRPCSubscriptionProcedure } from "@trpc/server";
import type { Context, contexts } from "./contexts.ts";
import type { FamilySet, Operation, Operations } from "./define.ts";
import type { Details, ErrorCode } from "./errors.ts";
import type { Families } from "./families.ts";
import type { EmitsOf, InputOf, OutputOf } from "./infer.ts";

/** What a failed call carries: the code, status and details of the API's error envelope. */
export interface Failure {
  message: string;
  code: number;
  data: { code: ErrorCode; httpStatus: number; details: Details | undefined };
}
interface Root {
  ctx: object;
  meta: object;
  errorShape: Failure;
  transformer: true;
}
/** Nothing may be left out where nothing is needed. */
type Asked<I> = Record<never, never> extends I ? I | void : I;
type Call<O extends Operation> = { input: Asked<InputOf<O>>; output: OutputOf<O>; meta: object };
type Subscription<O extends Operation> = {
  input: InputOf<O> & { lastEventId?: string | null };
  output: AsyncIterable<{ id: string; data: EmitsOf<O> }>;
  meta: object;
};
type Procedure<O extends Operation> = O["kind"] extends "events"
  ? TRPCSubscriptionProcedure<Subscription<O>>
  : O["method"] extends "GET"
    ? TRPCQueryProcedure<Call<O>>
    : TRPCMutationProcedure<Call<O>>;
/** Bytes, sockets, protocols and whatever sets a cookie are REST only. */
type Served<O extends Operation> = O["spec"] extends { readonly reply: { readonly cookies: unknown } }
  ? never
  : O["kind"] extends "json" | "events"
    ? O
    : never;
type Procedures<Ops extends Operations> = { [K in keyof Ops as Served<Ops[K]> extends never ? never : K]: Procedure<Ops[K]> };
type Hidden = { [C in Context]: (typeof contexts)[C] extends { readonly hidden: true } ? C : never }[Context];

/** JSON operations and event streams as tRPC clients see them. Families of a hidden context are not there. */
export type RouterOf<FS extends FamilySet> = TRPCBuiltRouter<
  Root,
  { [F in keyof FS as FS[F]["context"] extends Hidden ? never : F]: Procedures<FS[F]["operations"]> }
>;
export type AppRouter = RouterOf<Families>;

/** The same question at run time. */
export const inRouter = ({ kind, spec }: Operation): boolean => (kind === "json" || kind === "events") && spec.reply?.cookies === undefined;
