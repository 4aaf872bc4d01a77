import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openKeyring } from "../src/envelope.ts";
import { localMasterKey } from "../src/master-key.ts";
import { SealError } from "../src/seal-error.ts";
import { largestSealed } from "../src/sealed-stream.ts";
import { MemoryStore } from "./memory-store.ts";
import { here } from "./places.ts";

const keyring = openKeyring({ masterKeys: [localMasterKey(randomBytes(32))], store: new MemoryStore() });
const chunk = 64 * 1024;
const sealedChunk = chunk + 16;
const headerLength = 4 + 1 + 25 + 32 + 7;

const pieces = (bytes: Buffer, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
const through = async (bytes: Buffer, size: number, transform: NodeJS.ReadWriteStream) => {
  const source = Readable.from(pieces(bytes, size));
  source.on("error", () => {});
  return buffer(source.pipe(transform) as unknown as Readable);
};
const seal = async (bytes: Buffer, size = chunk) => through(bytes, size, await keyring.sealStream(here));
const open = async (bytes: Buffer, size = chunk, place = here) => through(bytes, size, await keyring.openStream(place));
const sizes = [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * chunk + 5];

describe("sealed streams", () => {
  it.each(sizes)("of %i bytes open in pieces and whole, and so do bytes sealed whole", async (size) => {
    const plaintext = randomBytes(size);
    const streamed = await seal(plaintext, 10_007);
    const whole = await keyring.sealBytes(here, plaintext);
    expect(streamed.length).toBe(whole.length);
    expect(whole.length).toBeLessThanOrEqual(largestSealed(size));
    for (const sealed of [streamed, whole]) {
      expect((await open(sealed, 9973)).equals(plaintext)).toBe(true);
      expect((await keyring.openBytes(here, sealed)).equals(plaintext)).toBe(true);
    }
  });

  it("do not depend on where their pieces are cut", async () => {
    const plaintext = randomBytes(chunk + 3000);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 500, max: 2 * chunk }), fc.integer({ min: 500, max: 2 * chunk }), async (into, outOf) => {
        expect((await open(await seal(plaintext, into), outOf)).equals(plaintext)).toBe(true);
      }),
      { numRuns: 30 },
    );
    expect((await open(await seal(plaintext.subarray(0, 200), 1), 1)).equals(plaintext.subarray(0, 200))).toBe(true);
  });

  it("do not open at another place", async () => {
    const sealed = await seal(randomBytes(100));
    for (const part of ["table", "workspace", "row", "field"] as const) {
      await expect(open(sealed, chunk, { ...here, [part]: "other" })).rejects.toThrow(SealError);
    }
  });

  const whole = randomBytes(3 * chunk + 5);
  const parts = (sealed: Buffer) => [sealed.subarray(0, headerLength), ...pieces(sealed.subarray(headerLength), sealedChunk)];
  const changes: [string, (parts: Buffer[]) => Buffer[]][] = [
    ["without the last chunk", (all) => all.slice(0, -1)],
    ["cut inside a chunk", (all) => [...all.slice(0, -1), Buffer.from([1, 2, 3])]],
    ["cut inside a tag", ([header, first]) => [header, first?.subarray(0, -1)] as Buffer[]],
    ["with only a header", (all) => all.slice(0, 1)],
    ["without a header", (all) => all.slice(1)],
    ["without a middle chunk", (all) => all.filter((_, i) => i !== 2)],
    ["with two chunks swapped", ([h, a, b, ...rest]) => [h, b, a, ...rest] as Buffer[]],
    ["with a chunk repeated", ([h, a, ...rest]) => [h, a, a, ...rest] as Buffer[]],
    ["with its last chunk repeated", (all) => [...all, ...all.slice(-1)]],
    ["with something after the end", (all) => [...all, Buffer.alloc(sealedChunk)]],
    ["empty", () => []],
  ];
  it.each(changes)("%s fail", async (_name, change) => {
    const sealed = Buffer.concat(change(parts(await seal(whole))));
    await expect(open(sealed)).rejects.toThrow(SealError);
    await expect(keyring.openBytes(here, sealed)).rejects.toThrow(SealError);
  });

  it("with the chunks of another stream fail", async () => {
    const [one, two] = [parts(await seal(whole)), parts(await seal(whole))];
    const mixed = Buffer.concat([...one.slice(0, 2), ...two.slice(2)]);
    await expect(open(mixed)).rejects.toThrow(SealError);
  });

  it("with any flipped bit fail", async () => {
    const sealed = await keyring.sealBytes(here, randomBytes(200));
    await fc.assert(
      fc.asyncProperty(fc.nat(sealed.length - 1), fc.nat(7), async (at, bit) => {
        const other = Buffer.from(sealed);
        other.writeUInt8(other.readUInt8(at) ^ (1 << bit), at);
        await expect(open(other)).rejects.toThrow(SealError);
        await expect(keyring.openBytes(here, other)).rejects.toThrow(SealError);
      }),
      { numRuns: 300 },
    );
  });
});
