import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { TofuError } from "./errors.ts";
import { MOST_ENTRIES, sortedEntries, type TreeEntry, tarBytes, treeEntry } from "./tar-form.ts";
import { checkedPath, linkStaysInside } from "./tree-paths.ts";

export type Packed = { tar: Buffer /** `sha256:<hex>` of the tar. */; digest: string };

/**
 * A folder as a tar whose bytes depend on names, contents, links and the executable bit alone: sorted, one owner, one
 * time. Only files, folders and links that stay inside are taken; anything else is `bad_path`, over 512 MiB `too_large`.
 * `include` is asked for every path and may leave out a folder as a whole.
 */
export async function packTree(dir: string, { include }: { include?: (path: string) => boolean } = {}): Promise<Packed> {
  const chunks: Buffer[] = [];
  const digest = await stream(await entriesOf(dir, include ?? (() => true), dir), (chunk) => chunks.push(chunk));
  return { tar: Buffer.concat(chunks), digest };
}

/** The digest that `packTree` would give, without holding the tar. */
export async function hashTree(dir: string, { include }: { include?: (path: string) => boolean } = {}): Promise<string> {
  return stream(await entriesOf(dir, include ?? (() => true), dir), () => undefined);
}

/** An inline source: the same tar as `packTree` of a folder with these files. Throws `bad_path` naming the file. */
export async function packFiles(files: Record<string, string>): Promise<Packed> {
  const entries = new Map<string, TreeEntry>();
  for (const [path, text] of Object.entries(files)) {
    const parts = checkedPath(path).split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join("/");
      if (Object.hasOwn(files, folder))
        throw new TofuError("bad_path", `File ${JSON.stringify(folder)} is also the folder of ${JSON.stringify(path)}.`);
      entries.set(folder, treeEntry(folder, "directory"));
    }
    entries.set(path, { ...treeEntry(path, "file"), open: async () => whole(Buffer.from(text, "utf8")) });
  }
  refuseCaseClash(entries.keys());
  const chunks: Buffer[] = [];
  const digest = await stream(sortedEntries(entries.values()), (chunk) => chunks.push(chunk));
  return { tar: Buffer.concat(chunks), digest };
}

/** Two names that differ in case only are one file on other systems: whoever unpacks there would get another tree. */
export function refuseCaseClash(paths: Iterable<string>): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const folded = path.normalize("NFC").toLowerCase();
    const other = seen.get(folded);
    if (other !== undefined && other !== path)
      throw new TofuError("bad_path", `Files ${JSON.stringify(other)} and ${JSON.stringify(path)} differ in case only.`);
    seen.set(folded, path);
  }
}

async function entriesOf(
  root: string,
  include: (path: string) => boolean,
  folder: string,
  prefix = "",
  found: TreeEntry[] = [],
): Promise<TreeEntry[]> {
  for (const name of await readdir(folder)) {
    const path = prefix + name;
    if (!include(path)) continue;
    if (found.length >= MOST_ENTRIES) throw new TofuError("too_large", `The tree has more than ${MOST_ENTRIES} entries.`);
    const full = join(folder, name);
    const info = await lstat(full);
    if (info.isDirectory()) {
      found.push(treeEntry(path, "directory"));
      await entriesOf(root, include, full, `${path}/`, found);
    } else if (info.isSymbolicLink()) {
      const target = await readlink(full);
      if (!linkStaysInside(path, target)) throw new TofuError("bad_path", `${JSON.stringify(path)} is a link that leaves the source tree.`);
      found.push({ ...treeEntry(path, "link"), target });
    } else if (info.isFile()) {
      found.push({ ...treeEntry(path, "file"), executable: (info.mode & 0o100) !== 0, open: async () => whole(await readRegular(full)) });
    } else throw new TofuError("bad_path", `${JSON.stringify(path)} is neither a file, a folder nor a link.`);
  }
  return prefix === "" ? sortedEntries(found) : found;
}

async function readRegular(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

const whole = (bytes: Buffer) => ({ size: bytes.length, chunks: [bytes] });

async function stream(entries: readonly TreeEntry[], take: (chunk: Buffer) => void): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of tarBytes(entries)) {
    hash.update(chunk);
    take(chunk);
  }
  return `sha256:${hash.digest("hex")}`;
}
