import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

/** What an entry takes however little is in it. */
const ENTRY_BYTES = 4_096;

/** Bytes on disk below a folder, counted until they are more than `most`. Follows no link; what vanishes meanwhile counts nothing. */
export async function treeSize(path: string, most: number): Promise<number> {
  let total = 0;
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined && total <= most; folder = folders.pop()) {
    const entries = await opendir(folder).catch(() => null);
    if (!entries) continue;
    for await (const entry of entries) {
      const child = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(child);
      const blocks = (await lstat(child).catch(() => null))?.blocks ?? 0;
      total += Math.max(blocks * 512, ENTRY_BYTES);
      if (total > most) break;
    }
  }
  return total;
}
