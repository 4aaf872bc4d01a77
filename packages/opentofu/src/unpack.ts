import { constants } from "node:fs";
import { mkdir, open, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { TofuError } from "./errors.ts";
import { TreeNames } from "./tree-names.ts";
import { checkedPath, linkStaysInside } from "./tree-paths.ts";

export type UnpackLimits = {
  /** Bytes of all files together. */
  maxBytes: number;
  maxEntries: number;
  /** Bytes out for each byte in, of a compressed archive. */
  maxRatio: number;
};
export const SOURCE_LIMITS: UnpackLimits = { maxBytes: 512 * 1024 * 1024, maxEntries: 50_000, maxRatio: 200 };
/** Below this much output no ratio is asked for: small files of one letter compress well and harm nobody. */
const RATIO_FROM = 16 * 1024 * 1024;

/**
 * Unpacks a tar or tar.gz into an empty folder. Hostile by assumption: files, folders and links that stay inside, nothing
 * else; no path twice in any case, nothing below a link or a file; every limit counted while reading. Throws
 * `bad_archive`, `bad_path` or `too_large`; what was written until then is for the caller to remove.
 */
export async function unpackTree(tar: Uint8Array, dir: string, limits: UnpackLimits = SOURCE_LIMITS): Promise<void> {
  const state = { names: new TreeNames(limits.maxEntries), bytes: 0, entries: 0, limits, dir };
  const links: { path: string; target: string }[] = [];
  const parser = extract();
  const feeding = pipeline(bounded(tar, limits), parser);
  feeding.catch(() => undefined);
  try {
    for await (const entry of parser) {
      await take(state, entry.header, links, entry as AsyncIterable<Uint8Array>);
      entry.resume();
    }
    await feeding;
  } catch (error) {
    parser.destroy();
    if (error instanceof TofuError) throw error;
    throw new TofuError("bad_archive", `The archive cannot be read: ${(error as Error).message.slice(0, 200)}.`);
  }
  // Links last: until all files are written there is none that a write could follow.
  for (const { path, target } of links) await symlink(target, join(dir, path));
}

type Unpacking = {
  names: TreeNames;
  bytes: number;
  entries: number;
  limits: UnpackLimits;
  dir: string;
};

async function take(
  state: Unpacking,
  header: Header,
  links: { path: string; target: string }[],
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (++state.entries > state.limits.maxEntries)
    throw new TofuError("too_large", `There are more than ${state.limits.maxEntries} entries.`);
  // `tar -C dir .` writes "./" before every name; the tree itself is its first entry.
  const name = header.name.replace(/^(\.\/)+/, "").replace(/\/+$/, "");
  if ((name === "" || name === ".") && header.type === "directory") return;
  const path = checkedPath(name);
  if (header.type === "directory") return folders(state, state.names.folder(path));
  if (header.type === "file" || header.type === "contiguous-file") {
    await folders(state, state.names.leaf(path, "file"));
    await writeBody(state, path, ((header.mode ?? 0) & 0o100) !== 0, body);
  } else if (header.type === "symlink") {
    if (!linkStaysInside(path, header.linkname ?? ""))
      throw new TofuError("bad_archive", `${JSON.stringify(path)} is a link that leaves the source tree.`);
    await folders(state, state.names.leaf(path, "link"));
    links.push({ path, target: header.linkname ?? "" });
  } else
    throw new TofuError("bad_archive", `${JSON.stringify(path)} is a ${String(header.type)}; only files, folders and links are taken.`);
}

async function folders(state: Unpacking, added: string[]): Promise<void> {
  for (const path of added) await mkdir(join(state.dir, path), { mode: 0o755 });
}

async function writeBody(state: Unpacking, path: string, executable: boolean, body: AsyncIterable<Uint8Array>): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(join(state.dir, path), flags, executable ? 0o755 : 0o644);
  try {
    for await (const chunk of body) {
      state.bytes += chunk.length;
      if (state.bytes > state.limits.maxBytes)
        throw new TofuError("too_large", `The archive unpacks to more than ${state.limits.maxBytes} bytes.`);
      await file.write(chunk);
    }
    // The process's umask may have taken bits away, and the digest counts the executable one.
    await file.chmod(executable ? 0o755 : 0o644);
  } finally {
    await file.close();
  }
}

/** The tar's bytes, unpacked where gzip's magic stands, cut off at the limits. */
async function* bounded(bytes: Uint8Array, limits: UnpackLimits): AsyncGenerator<Uint8Array> {
  const source = Readable.from(slices(bytes));
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  // Headers and padding: at most 3 blocks an entry, and pax records.
  const most = limits.maxBytes + limits.maxEntries * 4_096 + 10_240;
  let out = 0;
  const stream = zipped ? source.pipe(createGunzip()) : source;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    out += chunk.length;
    if (out > most) throw new TofuError("too_large", `The archive unpacks to more than ${limits.maxBytes} bytes.`);
    if (zipped && out > RATIO_FROM && out > bytes.length * limits.maxRatio)
      throw new TofuError("too_large", `The archive unpacks to more than ${limits.maxRatio} times its size.`);
    yield chunk;
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
