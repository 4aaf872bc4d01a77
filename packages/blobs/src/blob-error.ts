/** `invalid`: the place is not one; `unavailable`: the storage itself fails. */
export type BlobErrorCode = "missing" | "corrupt" | "too_large" | "no_space" | "invalid" | "unavailable";

/** Why bytes were not stored or read. The message names no path and no content. */
export class BlobError extends Error {
  readonly code: BlobErrorCode;
  constructor(code: BlobErrorCode, message: string) {
    super(message);
    this.name = "BlobError";
    this.code = code;
  }
}

const full = new Set(["ENOSPC", "EDQUOT"]);
const network = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|EAI)/;

/** A file system error as a BlobError without its path; any other error as it is. */
export function storageError(error: unknown, doing: "reading" | "writing"): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  // The key store speaks to a database: its errors have a code and a call as well.
  if (!(error instanceof Error) || syscall === undefined || code === undefined || network.test(code)) return error;
  if (code === "ENOENT" && doing === "reading") return new BlobError("missing", "There is no such blob");
  if (full.has(code)) return new BlobError("no_space", "The blob storage is full: free space, then try again");
  return new BlobError("unavailable", `The blob storage failed (${code})`);
}
