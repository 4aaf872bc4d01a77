import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BlobError, storageError } from "./blob-error.ts";
import { incoming } from "./directory.ts";
import { temporaryName } from "./process-mark.ts";

/** Writes, reads and removes a few random bytes, durably: what readiness wants to know. Needs no key. */
export async function probe(directory: string): Promise<void> {
  const bytes = randomBytes(32);
  try {
    const path = join(directory, incoming, await temporaryName());
    try {
      await writeFile(path, bytes, { mode: 0o600, flag: "wx", flush: true });
      if (!(await readFile(path)).equals(bytes)) throw new BlobError("unavailable", "The blob storage does not return what was written");
    } finally {
      await rm(path, { force: true }).catch(() => {});
    }
  } catch (error) {
    throw storageError(error, "writing");
  }
}
