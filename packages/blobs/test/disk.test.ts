import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdir, readdir, readFile, readlink, rm, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BlobError, BlobErrorCode } from "../src/blob-error.ts";
import type { BlobPlace, Blobs } from "../src/blobs.ts";
import { diskBlobs } from "../src/disk.ts";
import { emptyDirectory, filesIn, memoryKeyring, removeDirectory } from "./storage.ts";

const at = { workspace: "ws_1", kind: "state" } as const;
const mib = 1024 * 1024;
const digestOf = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const fileOf = ({ workspace, kind, digest }: BlobPlace) => join(workspace, kind, digest.slice(7, 9), digest.slice(7));
const parts = (bytes: Buffer, size = 50_000) =>
  Readable.from(Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)));
const fails = (work: Promise<unknown>, code: BlobErrorCode) =>
  work.then(
    () => expect.fail(`expected ${code}`),
    (error: BlobError) => {
      expect(error.code).toBe(code);
      expect(error.message).not.toContain("/");
    },
  );

let directory: string;
let blobs: Blobs;
const keyring = memoryKeyring();
beforeEach(async () => {
  directory = await emptyDirectory();
  blobs = await diskBlobs({ directory: join(directory, "a", "blobs"), keyring });
  directory = join(directory, "a", "blobs");
});
afterEach(() => removeDirectory(dirname(dirname(directory))));

describe("a blob", () => {
  it.each([0, 1, 65_536, mib, mib + 1, 3 * mib + 17])("of %i bytes comes back as it was, from bytes and from a stream", async (size) => {
    const bytes = randomBytes(size);
    for (const body of [bytes, parts(bytes)]) {
      const stored = await blobs.put(at, body, { limit: size, expect: digestOf(bytes) });
      expect(stored).toEqual({ digest: digestOf(bytes), size_bytes: size });
      const place = { ...at, digest: stored.digest };
      expect((await blobs.read(place, { limit: size })).equals(bytes)).toBe(true);
      expect((await buffer(await blobs.open(place))).equals(bytes)).toBe(true);
      expect(await blobs.has(place)).toBe(true);
      await blobs.remove(place);
      expect(await blobs.has(place)).toBe(false);
      expect(await filesIn(directory)).toEqual([]);
    }
  });

  it("lies encrypted, for its owner alone, under its digest", async () => {
    const text = Buffer.from("a secret value ".repeat(100));
    const place = { ...at, ...(await blobs.put(at, text)) };
    expect(await filesIn(directory)).toEqual([fileOf(place)]);
    expect((await readFile(join(directory, fileOf(place)), "latin1")).includes("secret")).toBe(false);
    expect((await stat(join(directory, fileOf(place)))).mode & 0o777).toBe(0o600);
    for (let made = dirname(join(directory, fileOf(place))); made !== dirname(dirname(directory)); made = dirname(made)) {
      expect((await stat(made)).mode & 0o777).toBe(0o700);
    }
  });

  it("put by many at once is one blob", async () => {
    const bytes = randomBytes(2 * mib);
    const puts = await Promise.all(Array.from({ length: 8 }, (_, i) => blobs.put(at, i % 2 ? parts(bytes) : bytes)));
    expect(new Set(puts.map(({ digest }) => digest))).toEqual(new Set([digestOf(bytes)]));
    expect(await filesIn(directory)).toEqual([fileOf({ ...at, digest: digestOf(bytes) })]);
  });

  it("that is not there is missing, and removing it is fine", async () => {
    const place = { ...at, digest: digestOf(Buffer.from("x")) };
    await fails(blobs.open(place), "missing");
    await fails(blobs.read(place), "missing");
    await blobs.remove(place);
  });
});

describe("refused and leaving nothing", () => {
  it.each([10, mib, 2 * mib])("is a body over the limit of %i, from bytes and from a stream that is ended", async (limit) => {
    const source = parts(randomBytes(4 * mib));
    await fails(blobs.put(at, source, { limit }), "too_large");
    expect(source.destroyed).toBe(true);
    await fails(blobs.put(at, randomBytes(limit + 1), { limit }), "too_large");
    expect(await filesIn(directory)).toEqual([]);
  });

  it.each([100, 2 * mib])("is a body of %i bytes with another digest than announced", async (size) => {
    await fails(blobs.put(at, randomBytes(size), { expect: digestOf(Buffer.from("other")) }), "corrupt");
    expect(await filesIn(directory)).toEqual([]);
  });

  it.each([100, 2 * mib])("is a body whose source fails after %i bytes, with its own error", async (size) => {
    const broken = Readable.from(
      (async function* () {
        yield randomBytes(size);
        throw Object.assign(new Error("the client went away"), { code: "ENOENT", syscall: "read" });
      })(),
    );
    await expect(blobs.put(at, broken)).rejects.toThrow("the client went away");
    expect(await filesIn(directory)).toEqual([]);
  });

  it("is any place that is not one", async () => {
    const digest = digestOf(Buffer.from(""));
    for (const workspace of ["", ".", "..", "a/b", "../x", "ws\0", "ä", "x".repeat(65)]) {
      await fails(blobs.put({ ...at, workspace }, Buffer.from("x")), "invalid");
      await fails(blobs.read({ ...at, workspace, digest }), "invalid");
    }
    for (const kind of ["", "..", "other"]) await fails(blobs.put({ ...at, kind: kind as "state" }, Buffer.from("x")), "invalid");
    const hex = digest.slice(7);
    for (const odd of ["", hex, `sha1:${hex}`, `sha256:${hex.toUpperCase()}`, `sha256:${hex}\n`, `sha256:../${hex.slice(3)}`]) {
      for (const work of [blobs.open, blobs.read, blobs.has, blobs.remove]) await fails(work({ ...at, digest: odd }), "invalid");
    }
  });
});

describe("damage", () => {
  const sizes = [1000, 2 * mib];
  const stored = async (size: number) => {
    const bytes = randomBytes(size);
    const place: BlobPlace = { ...at, digest: (await blobs.put(at, bytes)).digest };
    return { bytes, place, path: join(directory, fileOf(place)) };
  };
  const unreadable = async (place: BlobPlace) => {
    await fails(blobs.read(place), "corrupt");
    await fails(blobs.open(place).then(buffer), "corrupt");
  };

  it.each(sizes)("by a flipped bit, a cut, or something added is found (%i bytes), and another put heals it", async (size) => {
    const { bytes, place, path } = await stored(size);
    const sealed = await readFile(path);
    const flipped = Buffer.from(sealed);
    flipped.writeUInt8(flipped.readUInt8(size) ^ 1, size);
    for (const damaged of [
      flipped,
      sealed.subarray(0, -1),
      sealed.subarray(0, 20),
      Buffer.alloc(0),
      Buffer.concat([sealed, Buffer.from("x")]),
    ]) {
      await writeFile(path, damaged);
      await unreadable(place);
    }
    await blobs.put(at, bytes);
    expect((await blobs.read(place)).equals(bytes)).toBe(true);
  });

  it.each(sizes)("by another blob under this name, kind or Workspace is found (%i bytes)", async (size) => {
    const [one, two] = [await stored(size), await stored(size)];
    const places = [one.place, { ...two.place, kind: "plan" as const }, { ...two.place, workspace: "ws_2" }];
    await blobs.put({ ...at, workspace: "ws_2" }, Buffer.from("a key of its own"));
    for (const place of places) {
      await mkdir(dirname(join(directory, fileOf(place))), { recursive: true });
      await copyFile(two.path, join(directory, fileOf(place)));
      await unreadable(place);
    }
  });

  it("by a cut of whole chunks is found", async () => {
    const { place, path } = await stored(2 * mib);
    const header = 4 + 1 + 25 + 32 + 7;
    await truncate(path, header + 4 * (65_536 + 16));
    await unreadable(place);
  });
});

describe("reading", () => {
  it.each([1000, 2 * mib])("more than the limit into memory is refused (%i bytes)", async (size) => {
    const place = { ...at, digest: (await blobs.put(at, randomBytes(size))).digest };
    await fails(blobs.read(place, { limit: size - 1 }), "too_large");
    await fails(blobs.read(place, { limit: 1 }), "too_large");
  });

  it("may be given up at any time without an open file staying behind", async () => {
    const place = { ...at, digest: (await blobs.put(at, randomBytes(3 * mib))).digest };
    const path = join(directory, fileOf(place));
    const unread = await blobs.open(place);
    unread.destroy();
    const begun = await blobs.open(place);
    for await (const _ of begun) break;
    for (const stream of [unread, begun]) if (!stream.closed) await once(stream, "close");
    await expect.poll(() => openFiles(path), { timeout: 10_000 }).toBe(0);
  });
});

/** How often this process holds a file open; 0 where the system does not say. */
async function openFiles(path: string): Promise<number> {
  const descriptors = await readdir("/proc/self/fd").catch(() => []);
  const targets = await Promise.all(descriptors.map((descriptor) => readlink(`/proc/self/fd/${descriptor}`).catch(() => "")));
  return targets.filter((target) => target === path).length;
}

describe("check", () => {
  it("passes and leaves nothing", async () => {
    await blobs.check();
    expect(await filesIn(directory)).toEqual([]);
  });

  it("fails where nothing can be written", async () => {
    await rm(directory, { recursive: true });
    await writeFile(directory, "");
    await fails(blobs.check(), "unavailable");
    await fails(blobs.put(at, Buffer.from("x")), "unavailable");
  });
});
