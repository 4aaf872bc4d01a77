import type { Fields, Operation } from "@takosumi/contracts/define";
import { fieldsOf } from "@takosumi/contracts/input";
import type { FastifyReply } from "fastify";
import type { Answered } from "../answers.ts";

/** Which field is the text, and which header each of the others becomes. */
export interface Plain {
  readonly field: string;
  readonly headers: readonly (readonly [field: string, header: string])[];
}

/** `plain: "log"` over {log, next_offset} -> the text of log, and X-Log-Next-Offset. */
export function plainOf(id: string, { spec }: Operation): Plain | null {
  const { plain: field, output } = spec;
  if (field === undefined) return null;
  const names = Object.keys(output?._zod.def.type === "object" ? fieldsOf(output as Fields) : {});
  if (!names.includes(field)) throw new Error(`${id} says plain: "${field}", which its output does not have`);
  const headers = names.filter((name) => name !== field).map((name) => [name, `x-${field}-${name}`.replaceAll("_", "-")] as const);
  return { field, headers };
}

/** Whether text/plain is asked for by name, and not after JSON. */
export function wantsPlain(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const plain = accept.indexOf("text/plain");
  const json = accept.indexOf("application/json");
  return plain >= 0 && (json < 0 || plain < json);
}

export function sendPlain(reply: FastifyReply, { field, headers }: Plain, { status, output }: Answered): FastifyReply {
  const values = output as Record<string, unknown>;
  for (const [name, header] of headers) {
    const value = values[name];
    if (value !== undefined && value !== null) reply.header(header, String(value));
  }
  const fixed = {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    vary: [reply.getHeader("vary"), "accept"].filter(Boolean).join(", "),
  };
  return reply.code(status).headers(fixed).send(String(values[field]));
}
