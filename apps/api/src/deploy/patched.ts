import { ApiError } from "@takosumi/contracts/errors";

/** Names of the fields that a PATCH gives. */
export const changed = (given: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(given).filter((name) => given[name] !== undefined);

/** A PATCH that says nothing is a mistake of the caller: 400 that says what may be changed. */
export function refuseEmpty(given: Readonly<Record<string, unknown>>, fields: readonly string[]): void {
  if (changed(given).length > 0) return;
  const message = `nothing to change was given: one or more of ${fields.join(", ")}`;
  throw new ApiError("BAD_REQUEST", message, { reason: "invalid", fields: [{ path: "", message }] });
}
