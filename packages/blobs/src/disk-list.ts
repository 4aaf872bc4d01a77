import { link, readdir, rename, stat, unlink } from "node:fs/promises";
import { join, sep } from "node:path";
import { type BlobPlace, blobKinds, type ListedBlob } from "./blobs.ts";
import { incoming } from "./directory.ts";
import { blobName, placeOf } from "./place.ts";
import { temporaryName } from "./process-mark.ts";

/** Files of a directory in the order of their names, a folder at a time. */
export async function* diskList(directory: string, after: string | null): AsyncGenerator<ListedBlob> {
  for (const workspace of await names(directory)) {
    if (workspace === incoming) continue;
    for (const kind of blobKinds.toSorted())
      for (const two of await names(join(directory, workspace, kind))) {
        const folder = join(workspace, kind, two);
        if (passed(join(folder, last), after)) continue;
        for (const file of await names(join(directory, folder))) {
          const name = join(folder, file);
          const place = passed(name, after) ? null : placeOf(name);
          const found = place && (await stat(join(directory, name)).catch(() => null));
          if (place && found) yield { ...place, name, written_at: found.mtime };
        }
      }
  }
}

/** After every name in a folder. */
const last = "\uffff";
/** Whether a name comes no later than `after`: folder by folder, as they are walked. */
const passed = (name: string, after: string | null): boolean => after !== null && inOrder(name) <= inOrder(after);
const inOrder = (name: string): string => name.replaceAll(sep, "\0");

const names = async (path: string): Promise<string[]> =>
  (
    await readdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
      throw error;
    })
  ).sort();

/**
 * Takes the file aside before it is judged: bytes that somebody writes at this very moment get the name back, and a row that names them
 * is right.
 */
export async function removeOlder(directory: string, place: BlobPlace, before: Date): Promise<boolean> {
  const path = join(directory, blobName(place));
  const old = async (file: string) => ((await stat(file).catch(() => null))?.mtime ?? before) < before;
  if (!(await old(path))) return false;
  const aside = join(directory, incoming, await temporaryName());
  const taken = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!taken) return false;
  const gone = await old(aside);
  if (!gone) await link(aside, path).catch(() => {});
  await unlink(aside);
  return gone;
}
