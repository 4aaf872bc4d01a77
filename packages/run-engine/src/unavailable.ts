import { ApiError, type Details } from "@takosumi/contracts/errors";

/** What a held Run needs is not there as it was planned with: it ends before its tool is started. */
export const unavailable = (message: string, details: Details<"PRECONDITION_FAILED">): ApiError =>
  new ApiError("PRECONDITION_FAILED", message, details);
