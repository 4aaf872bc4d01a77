import { once } from "node:events";
import { type Pack, pack } from "tar-stream";
import { TofuError } from "./errors.ts";

/** A file of a tree that is about to be packed: how many bytes it has, and the bytes. */
export type Opened = { size: number; chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array> };
export type TreeEntry = {
  path: string;
  kind: "file" | "directory" | "link";
  executable: boolean;
  target: string;
  open: () => Promise<Opened>;
};

export const MOST_ENTRIES = 50_000;
const MOST_BYTES = 512 * 1024 * 1024;

export function treeEntry(path: string, kind: TreeEntry["kind"]): TreeEntry {
  return { path, kind, executable: false, target: "", open: async () => ({ size: 0, chunks: [] }) };
}

/** By the bytes of the whole path: a folder comes before what it holds. */
export function sortedEntries(entries: Iterable<TreeEntry>): TreeEntry[] {
  return [...entries]
    .map((one) => ({ one, key: Buffer.from(one.path) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ one }) => one);
}

/**
 * The one form that a tree has as bytes: names, contents, links and the executable bit, in the order given; one owner, one time. The
 * same tree is the same tar, whichever way it came. Throws `too_large` over 512 MiB.
 */
export async function* tarBytes(entries: readonly TreeEntry[]): AsyncGenerator<Buffer> {
  const tar = pack();
  const writing = writeAll(tar, entries).catch((error: unknown) => {
    tar.destroy(error as Error);
    throw error;
  });
  writing.catch(() => undefined);
  try {
    for await (const chunk of tar as AsyncIterable<Buffer>) yield chunk;
    await writing;
  } finally {
    tar.destroy();
  }
}

async function writeAll(tar: Pack, entries: readonly TreeEntry[]): Promise<void> {
  let total = 0;
  for (const one of entries) {
    const { size, chunks } = await one.open();
    total += size;
    if (total > MOST_BYTES) throw new TofuError("too_large", `The tree has more than ${MOST_BYTES >> 20} MiB.`);
    await writeOne(tar, headerOf(one, size), chunks);
  }
  tar.finalize();
}

type Header = Parameters<Pack["entry"]>[0];
const EPOCH = new Date(0);
function headerOf(one: TreeEntry, size: number): Header {
  const fixed = { mtime: EPOCH, uid: 0, gid: 0, uname: "", gname: "", name: one.path };
  if (one.kind === "directory") return { ...fixed, type: "directory", mode: 0o755 };
  if (one.kind === "link") return { ...fixed, type: "symlink", linkname: one.target, mode: 0o777 };
  return { ...fixed, type: "file", mode: one.executable ? 0o755 : 0o644, size };
}

async function writeOne(tar: Pack, header: Header, chunks: Opened["chunks"]): Promise<void> {
  let written: (error?: Error | null) => void = () => undefined;
  const done = new Promise<void>((resolve, reject) => {
    written = (error) => (error ? reject(error) : resolve());
  });
  const sink = tar.entry(header, written);
  if (header.type !== "file" || header.size === 0) {
    if (header.type === "file") sink.end(null);
    return done;
  }
  done.catch(() => undefined);
  for await (const chunk of chunks) if (!sink.write(chunk)) await Promise.race([once(sink, "drain"), done]);
  sink.end(null);
  await done;
}
