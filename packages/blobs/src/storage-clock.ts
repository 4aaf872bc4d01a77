import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { incoming } from "./directory.ts";
import { temporaryName } from "./process-mark.ts";

/** What time it is for files of this directory: that of this process may be another. */
export async function storageClock(directory: string): Promise<Date> {
  const path = join(directory, incoming, await temporaryName());
  try {
    const file = await open(path, "wx", 0o600);
    return (await file.stat().finally(() => file.close())).mtime;
  } finally {
    await rm(path, { force: true });
  }
}
