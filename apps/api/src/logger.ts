import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";

export type Log = Logger;

/** Fields that may hold a credential wherever somebody logs an object: never written, whatever the call says. */
const secretFields = [
  "authorization",
  "cookie",
  "password",
  "token",
  "secret",
  "value",
  "values",
  "variables",
  "master_key",
  "body",
  "query",
  "headers",
];
const redacted = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
const longest = 2_000;
const cut = (text: string) => (text.length > longest ? `${text.slice(0, longest)}…` : text);

/** Class, code, message and stack of an error, and nothing else that hangs on it: a database error carries values of rows. */
function errorFields(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: cut(error.message),
    stack: cut(error.stack ?? ""),
    ...(typeof code === "string" && { code }),
    ...(error.cause instanceof Error && { cause: { type: error.cause.name, message: cut(error.cause.message) } }),
  };
}

/** Lines are written together, after so many bytes or milliseconds: one at a time they are a tenth of the work of a small read. */
const gathered = 4_096;
const gatheredMs = 100;

/** JSON lines: `time level msg service`, and with a request `request_id workspace_id run_id actor_id route status duration_ms`. */
export const openLog = (level: string, to?: DestinationStream): Log =>
  pino(
    {
      level,
      base: { service: "api" },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redacted, censor: "[redacted]" },
      serializers: { err: errorFields, error: errorFields },
    },
    to ?? pino.destination({ fd: 1, sync: false, minLength: gathered, periodicFlush: gatheredMs }),
  );
