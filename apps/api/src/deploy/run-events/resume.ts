import { ApiError } from "@takosumi/contracts/errors";
import type { RunRow } from "@takosumi/db/rows";

/** After which event a reader goes on. Throws 400 for what is no event of this Run. */
export function resumeAfter(run: RunRow, field: string, given: string | number | null | undefined): number {
  if (given === null || given === undefined) return 0;
  const after = typeof given === "number" || /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  const wrong = (message: string) =>
    new ApiError("BAD_REQUEST", `${field} ${message}`, { reason: "invalid", fields: [{ path: field, message }] });
  if (!Number.isSafeInteger(after)) throw wrong("is not the id of an event: a whole number");
  if (after > run.event_sequence) throw wrong(`is beyond the newest event of this Run, ${run.event_sequence}`);
  return after;
}
