import { constants } from "node:fs";
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writerGone } from "./process-mark.ts";

/** Where a file is written before it gets its name. */
export const incoming = ".incoming";
/** Age at which a temporary file of another machine is given up. */
const foreignAge = 24 * 60 * 60 * 1000;

/** Makes a directory for this user alone, and every one above it that is missing, so that they survive a power cut. */
export async function ensureDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  await directory.sync().finally(() => directory.close());
}

/** Removes what writers left that no longer live. */
export async function sweepIncoming(directory: string, now: Date): Promise<void> {
  for (const file of await readdir(join(directory, incoming))) {
    const path = join(directory, incoming, file);
    const gone = (await writerGone(file)) ?? now.getTime() - ((await stat(path).catch(() => null))?.mtimeMs ?? 0) > foreignAge;
    if (gone) await rm(path, { force: true, recursive: true });
  }
}
