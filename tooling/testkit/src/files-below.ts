import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A file or folder that was listed and is gone again is nothing at rest; any other failure is one. */
const unlessGone = async <T>(reading: Promise<T>): Promise<T | null> => {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
};

/** Every file below a directory that others may be at work in. Throws where the directory itself is missing. */
export async function* filesBelow(directory: string): AsyncGenerator<{ readonly path: string; readonly bytes: Buffer }> {
  const open = [await readdir(directory, { withFileTypes: true })];
  for (let entries = open.pop(); entries; entries = open.pop())
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isDirectory()) {
        const below = await unlessGone(readdir(path, { withFileTypes: true }));
        if (below) open.push(below);
      } else if (entry.isFile()) {
        const bytes = await unlessGone(readFile(path));
        if (bytes) yield { path, bytes };
      }
    }
}

/** The files below a directory that hold this text. */
export async function filesWith(directory: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { path, bytes } of filesBelow(directory)) if (bytes.includes(text)) found.push(path);
  return found;
}
