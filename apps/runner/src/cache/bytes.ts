import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

export type Fact = { readonly digest: string; readonly size_bytes: number };

export class WrongBytes extends Error {
  constructor(what: string) {
    super(`${what}: the bytes that arrived are not the ones that were named`);
    this.name = "WrongBytes";
  }
}

export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Digest and size of a file, read once. */
export async function factOf(path: string): Promise<Fact> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return { digest: `sha256:${hash.digest("hex")}`, size_bytes: size };
}

/** Writes bytes to a new 0600 file that appears whole, or not at all: WrongBytes where size or digest differ. */
export async function keepAs(path: string, wanted: Fact, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const part = `${path}.${randomUUID()}`;
  const hash = createHash("sha256");
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.length;
      hash.update(chunk);
      done(size > wanted.size_bytes ? new WrongBytes(wanted.digest) : null, chunk);
    },
  });
  try {
    await pipeline(Readable.from(bytes), measure, createWriteStream(part, { mode: 0o600, flags: "wx" }));
    if (size !== wanted.size_bytes || `sha256:${hash.digest("hex")}` !== wanted.digest) throw new WrongBytes(wanted.digest);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** The same into memory, for what is small or must not lie on a disk. */
export async function collect(wanted: Fact, bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > wanted.size_bytes) throw new WrongBytes(wanted.digest);
    chunks.push(chunk);
  }
  const all = Buffer.concat(chunks);
  if (all.length !== wanted.size_bytes || digestOf(all) !== wanted.digest) throw new WrongBytes(wanted.digest);
  return all;
}

const IN_MEMORY = 8 * 1024 * 1024;
/** What an upload wants of a file; small ones are read at once. */
export async function fileBody(
  path: string,
  fact: Fact,
): Promise<{ digest: string; size: number; body: Buffer | (() => AsyncIterable<Uint8Array>) }> {
  const body =
    fact.size_bytes <= IN_MEMORY
      ? await readFile(path)
      : () => createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>;
  return { digest: fact.digest, size: fact.size_bytes, body };
}
