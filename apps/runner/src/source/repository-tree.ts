import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { type Gathered, Gathering } from "@takosumi/opentofu/archive/gathering";
import { sourceLimits } from "@takosumi/opentofu/archive/limits";
import { TofuError } from "@takosumi/opentofu/errors";
import { readProduced } from "@takosumi/opentofu/produced";
import { linkStaysInside } from "@takosumi/opentofu/tree-paths";
import { RunFailure } from "../run/failure.ts";

const TREE_BYTES = 64 * 1024 * 1024;
const LINK_BYTES = 4_096;
const HEAD = 128;
const READ = 1 << 18;

interface Blob {
  readonly at: number;
  readonly size: number;
}

/**
 * What a fetched commit holds, for as long as `work` takes. The same rules as for an archive; links inside the tree stay links, as git has
 * no other way. A submodule is left out: `submodules` names it. Throws RunFailure.
 */
export async function withRepositoryTree<T>(
  io: string,
  bytes: number,
  work: (gathered: Gathered, submodules: readonly string[]) => Promise<T>,
): Promise<T> {
  const tree = await readProduced(join(io, "tree"), TREE_BYTES);
  const file = await open(join(io, "blobs"), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    if (!tree || !(await file.stat()).isFile()) throw new RunFailure("SOURCE_FETCH_FAILED", "git left no tree.");
    const gathering = new Gathering({ ...sourceLimits, bytes });
    const submodules = await gather(gathering, tree.toString("utf8"), file, await blobsOf(file));
    return await work(await gathering.done(), submodules);
  } catch (error) {
    throw error instanceof TofuError && error.reason === "too_large" ? new RunFailure("SOURCE_TOO_LARGE", error.message) : error;
  } finally {
    await file.close();
  }
}

async function gather(gathering: Gathering, listing: string, file: FileHandle, blobs: ReadonlyMap<string, Blob>): Promise<string[]> {
  const submodules: string[] = [];
  for (const line of listing.split("\0").filter(Boolean)) {
    const [, mode, type, id, name] = /^(\d{6}) ([a-z]+) ([0-9a-f]+) +(?:\d+|-)\t([^]+)$/.exec(line) ?? [];
    if (name === undefined || id === undefined) throw new RunFailure("SOURCE_FETCH_FAILED", "git listed a tree that cannot be read.");
    const path = gathering.take(name);
    if (path === null) continue;
    if (type === "commit") {
      submodules.push(path);
      continue;
    }
    const blob = blobs.get(id);
    if (!blob) throw new RunFailure("SOURCE_FETCH_FAILED", `${JSON.stringify(path)} did not come with the commit.`);
    gathering.spend(path, blob.size);
    if (mode === "120000") gathering.link(path, await target(file, path, blob));
    else gathering.file(path, mode === "100755", blob.size, () => chunks(file, blob));
  }
  return submodules;
}

async function target(file: FileHandle, path: string, blob: Blob): Promise<string> {
  const parts: Buffer[] = [];
  if (blob.size <= LINK_BYTES) for await (const part of chunks(file, blob)) parts.push(part);
  const text = Buffer.concat(parts).toString("utf8");
  if (!linkStaysInside(path, text)) throw new TofuError("bad_path", `${JSON.stringify(path)} is a link that leaves the repository.`, path);
  return text;
}

/** Where each blob lies in what `git cat-file --batch` wrote. */
async function blobsOf(file: FileHandle): Promise<Map<string, Blob>> {
  const found = new Map<string, Blob>();
  const { size: end } = await file.stat();
  const head = Buffer.alloc(HEAD);
  for (let at = 0; at < end; ) {
    const { bytesRead } = await file.read(head, 0, HEAD, at);
    const [line, id, length] = /^([0-9a-f]+) blob (\d+)\n/.exec(head.toString("latin1", 0, bytesRead)) ?? [];
    if (line === undefined || id === undefined)
      throw new RunFailure("SOURCE_FETCH_FAILED", "git sent something that is not a file's bytes.");
    const size = Number(length);
    found.set(id, { at: at + line.length, size });
    at += line.length + size + 1;
  }
  return found;
}

async function* chunks(file: FileHandle, { at, size }: Blob): AsyncGenerator<Buffer> {
  for (let done = 0; done < size; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(READ, size - done)), 0, undefined, at + done);
    if (bytesRead === 0) throw new RunFailure("SOURCE_FETCH_FAILED", "git sent less than it said.");
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
