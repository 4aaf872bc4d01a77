import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pack } from "tar-stream";
import { TofuError } from "./errors.ts";
import { checkedPath, linkStaysInside } from "./tree-paths.ts";

export type Packed = { tar: Buffer /** `sha256:<hex>` of the tar. */; digest: string };
type Entry = { path: string; kind: "file" | "directory" | "link"; executable: boolean; target: string; bytes: () => Promise<Buffer> };

const MOST_ENTRIES = 50_000;
const MOST_BYTES = 512 * 1024 * 1024;

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
  const entries = new Map<string, Entry>();
  for (const [path, text] of Object.entries(files)) {
    const parts = checkedPath(path).split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join("/");
      if (Object.hasOwn(files, folder))
        throw new TofuError("bad_path", `File ${JSON.stringify(folder)} is also the folder of ${JSON.stringify(path)}.`);
      entries.set(folder, entry(folder, "directory"));
    }
    entries.set(path, { ...entry(path, "file"), bytes: async () => Buffer.from(text, "utf8") });
  }
  refuseCaseClash(entries.keys());
  const chunks: Buffer[] = [];
  const digest = await stream(sorted([...entries.values()]), (chunk) => chunks.push(chunk));
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

function entry(path: string, kind: Entry["kind"]): Entry {
  return { path, kind, executable: false, target: "", bytes: async () => Buffer.alloc(0) };
}

/** By the bytes of the whole path: a folder comes before what it holds. */
function sorted(entries: Entry[]): Entry[] {
  return entries
    .map((one) => ({ one, key: Buffer.from(one.path) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ one }) => one);
}

async function entriesOf(
  root: string,
  include: (path: string) => boolean,
  folder: string,
  prefix = "",
  found: Entry[] = [],
): Promise<Entry[]> {
  for (const name of await readdir(folder)) {
    const path = prefix + name;
    if (!include(path)) continue;
    if (found.length >= MOST_ENTRIES) throw new TofuError("too_large", `The tree has more than ${MOST_ENTRIES} entries.`);
    const full = join(folder, name);
    const info = await lstat(full);
    if (info.isDirectory()) {
      found.push(entry(path, "directory"));
      await entriesOf(root, include, full, `${path}/`, found);
    } else if (info.isSymbolicLink()) {
      const target = await readlink(full);
      if (!linkStaysInside(path, target)) throw new TofuError("bad_path", `${JSON.stringify(path)} is a link that leaves the source tree.`);
      found.push({ ...entry(path, "link"), target });
    } else if (info.isFile()) {
      found.push({ ...entry(path, "file"), executable: (info.mode & 0o100) !== 0, bytes: () => readRegular(full) });
    } else throw new TofuError("bad_path", `${JSON.stringify(path)} is neither a file, a folder nor a link.`);
  }
  return prefix === "" ? sorted(found) : found;
}

async function readRegular(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function stream(entries: Entry[], take: (chunk: Buffer) => void): Promise<string> {
  const hash = createHash("sha256");
  const tar = pack();
  let total = 0;
  const read = (async () => {
    for await (const chunk of tar as AsyncIterable<Buffer>) {
      hash.update(chunk);
      take(chunk);
    }
  })();
  try {
    for (const one of entries) {
      const bytes = await one.bytes();
      total += bytes.length;
      if (total > MOST_BYTES) throw new TofuError("too_large", `The tree has more than ${MOST_BYTES >> 20} MiB.`);
      await write(tar, one, bytes);
    }
    tar.finalize();
    await read;
  } catch (error) {
    tar.destroy();
    await read.catch(() => undefined);
    throw error;
  }
  return `sha256:${hash.digest("hex")}`;
}

const EPOCH = new Date(0);
function write(tar: ReturnType<typeof pack>, one: Entry, bytes: Buffer): Promise<void> {
  const fixed = { mtime: EPOCH, uid: 0, gid: 0, uname: "", gname: "" };
  const header =
    one.kind === "directory"
      ? { ...fixed, name: one.path, type: "directory" as const, mode: 0o755 }
      : one.kind === "link"
        ? { ...fixed, name: one.path, type: "symlink" as const, linkname: one.target, mode: 0o777 }
        : { ...fixed, name: one.path, type: "file" as const, mode: one.executable ? 0o755 : 0o644, size: bytes.length };
  return new Promise((done, failed) => {
    const callback = (error?: Error | null) => (error ? failed(error) : done());
    if (one.kind === "file") tar.entry(header, bytes, callback);
    else tar.entry(header, callback);
  });
}
