import { DatabaseUnavailable, LostRace, UniqueViolation } from "./errors.ts";

const field = (error: unknown, name: "code" | "constraint" | "message"): string => {
  const value = (error as Record<string, unknown> | null)?.[name];
  return typeof value === "string" ? value : "";
};

const system = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ENOTFOUND",
  "EMFILE",
]);
/** Shutdown, crash, still starting, too many connections, and an idle transaction that the database cut off. */
const server = new Set(["57P01", "57P02", "57P03", "57P05", "53300", "25P03", "25P04"]);
const client =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (?:has encountered|was closed)|This socket has been ended)/;

/** The connection is gone or could not be made: what was sent over it may or may not have been executed. */
export const connectionLost = (error: unknown): boolean => {
  const code = field(error, "code");
  return system.has(code) || server.has(code) || code.startsWith("08") || client.test(field(error, "message"));
};

/** A migration changed a table under a prepared statement. The statement was not executed; the connection is of no more use for it. */
export const planIsStale = (error: unknown): boolean => field(error, "code") === "0A000" && field(error, "message").includes("cached plan");

/** What a failure means to a caller. An error of SQL itself comes back as it is: it is a defect of ours. */
export function understood(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable) return error;
  if (connectionLost(error)) return new DatabaseUnavailable("The connection to the database was lost", { cause: error });
  switch (field(error, "code")) {
    case "23505":
      return new UniqueViolation(field(error, "constraint"), error);
    case "57014":
      return new DatabaseUnavailable("The database did not answer in time", { cause: error });
    case "40001":
    case "40P01":
    case "55P03":
      return new LostRace("Another transaction was faster", { cause: error });
    default:
      return planIsStale(error) ? new LostRace("The tables were changed meanwhile", { cause: error }) : error;
  }
}
