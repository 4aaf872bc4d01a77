import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { ensureDirectory, syncDirectory } from "./directory.ts";

/** Writes a new file, mode 0600, and syncs it. Under a temporary name of the storage, it fails where the storage itself is gone. */
export async function written(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await write(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Gives a written file its name for good. Folders are only made now: nothing brings a storage back that is not there. */
export async function named(temporary: string, path: string): Promise<void> {
  await ensureDirectory(dirname(path));
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}
