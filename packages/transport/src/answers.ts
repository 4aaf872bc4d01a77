import type { Operation, Schema } from "@takosumi/contracts/define";
import type { Cookie } from "@takosumi/contracts/infer";
import { z } from "zod";

/** A success on its way out: what the contract's output schema let through. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly cookies: readonly Cookie[] | undefined;
  readonly output: unknown;
  /** Set where the text was needed before it is sent: it is what a repeated Idempotency-Key gets. */
  readonly text: string | undefined;
  readonly replayed: boolean;
}

/** The loosest view of a handler's reply: its type is exact, and its values are checked here all the same. */
interface AnyReply {
  readonly status: number;
  readonly output?: unknown;
  readonly location?: string;
  readonly headers?: unknown;
  readonly cookies?: readonly Cookie[];
}

/** An output that its schema refuses: our mistake, never the caller's. */
export class UnfitOutput extends Error {
  constructor(operation: string, error: z.core.$ZodError) {
    super(`${operation} answered what its contract does not allow: ${z.prettifyError(error)}`);
    this.name = "UnfitOutput";
  }
}

export function parsedBy(schema: Schema, value: unknown, operation: string): unknown {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  throw new UnfitOutput(operation, parsed.error);
}

/** Prepares how what a handler returns becomes an answer: parsed by the output schema, which strips what it does not name. */
export function answerer(id: string, { spec }: Operation): (returned: unknown) => Answered {
  const { output = z.unknown(), reply } = spec;
  const plain = (status: number, value: unknown, headers?: Record<string, string>, cookies?: readonly Cookie[]): Answered => ({
    status,
    headers,
    cookies,
    output: status === 204 ? undefined : parsedBy(output, value, id),
    text: undefined,
    replayed: false,
  });
  const usual = spec.status ?? 200;
  if (!reply) return (returned) => plain(usual, returned);

  const statuses: readonly number[] = reply.statuses ?? [usual];
  const named = reply.cookies ?? [];
  return (returned) => {
    const { status, output: value, location, headers, cookies } = returned as AnyReply;
    if (!statuses.includes(status)) throw new Error(`${id} answered ${status}, which its contract does not name`);
    const stray = named === "any" ? undefined : cookies?.find(({ name }) => !named.includes(name));
    if (stray) throw new Error(`${id} set the cookie ${stray.name}, which its contract does not name`);
    const sent = reply.headers ? textual(parsedBy(reply.headers, headers, id) as Record<string, unknown>) : {};
    if (status < 300) return plain(status, value, sent, cookies);
    if (location === undefined || /[\r\n]/.test(location)) throw new Error(`${id} redirects without a place to go`);
    return { status, headers: { ...sent, location }, cookies, output: undefined, text: "", replayed: false };
  };
}

const textual = (headers: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined || value === null ? [] : [[name, String(value)]])),
  );

/** A Set-Cookie header; always HttpOnly, `Path=/` and `SameSite=Lax` unless said. */
export function cookieText({ name, value, max_age, path = "/", secure = false, same_site = "lax" }: Cookie): string {
  const parts = [
    `${name}=${encodeURIComponent(value)}`,
    `Path=${path}`,
    "HttpOnly",
    `SameSite=${same_site[0]?.toUpperCase()}${same_site.slice(1)}`,
  ];
  if (max_age !== undefined) parts.push(`Max-Age=${Math.trunc(max_age)}`);
  if (secure) parts.push("Secure");
  return parts.join("; ");
}
