import { BlobError } from "@takosumi/blobs/blob-error";
import { ApiError } from "@takosumi/contracts/errors";
import { DatabaseUnavailable, LostRace, UniqueViolation } from "@takosumi/db/errors";
import { connectionLost } from "@takosumi/db/failure";
import { SealError } from "@takosumi/keyring/seal-error";

/** Prisma's words for a database that cannot be reached, a pool that gave no connection, and a server with none left. */
const prismaAway = /^P(?:1001|1002|1008|1017|2024|2037)$/;
/** A statement that took too long, and one that an operator cancelled. */
const tooLong = "57014";
/** Causes looked at: Prisma wraps the driver's error twice. */
const depth = 5;

const database = () =>
  new ApiError("UNAVAILABLE", "The database cannot be reached now: try again", { reason: "database", retry_after_ms: 5_000 });
const busy = (message: string) => new ApiError("UNAVAILABLE", message, { reason: "busy", retry_after_ms: 1_000 });

/** What an unexpected error means for the caller; null where it means nothing but a defect of ours. */
export function translate(error: unknown): ApiError | null {
  for (let cause = error, i = 0; cause instanceof Error && i < depth; cause = cause.cause, i++) {
    const { code } = cause as { code?: unknown };
    if (cause instanceof DatabaseUnavailable || connectionLost(cause) || (typeof code === "string" && prismaAway.test(code)))
      return database();
    if (cause instanceof LostRace) return busy("Somebody else was changing the same: nothing was changed, try again");
    if (code === tooLong) return busy("The database took too long for this: nothing was changed, try again");
    if (cause instanceof UniqueViolation)
      return new ApiError("CONFLICT", "This exists already: somebody else was faster", { reason: "lost_race" });
    if (cause instanceof SealError || (cause instanceof BlobError && (cause.code === "corrupt" || cause.code === "missing")))
      return new ApiError("GONE", "Something that this needs is not there as it was stored: it was moved, changed or removed", {
        reason: "damaged",
      });
    if (cause instanceof BlobError && (cause.code === "no_space" || cause.code === "unavailable"))
      return new ApiError("UNAVAILABLE", `${cause.message}: nothing was changed`, { reason: "storage", retry_after_ms: 10_000 });
  }
  return null;
}
