import { constants } from "node:fs";
import { type FileHandle, open, stat, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline, type Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Keyring } from "@takosumi/keyring/envelope";
import { largestSealed } from "@takosumi/keyring/sealed-stream";
import { storageError } from "./blob-error.ts";
import { type BlobPlace, type Blobs, defaultReadLimit, type ReadOptions } from "./blobs.ts";
import { smallBody } from "./body.ts";
import { ensureDirectory, incoming, sweepIncoming } from "./directory.ts";
import { diskList, removeOlder } from "./disk-list.ts";
import { diskPut } from "./disk-put.ts";
import { tooLarge } from "./measured.ts";
import { blobName, sealPlace } from "./place.ts";
import { probe } from "./probe.ts";
import { storageClock } from "./storage-clock.ts";
import { readFailure, verifiedBytes, verifying } from "./verified.ts";

export interface DiskOptions {
  /** Made where it is missing, for this user alone. One file system: a finished file is renamed into its place. */
  readonly directory: string;
  readonly keyring: Pick<Keyring, "sealStream" | "openStream" | "sealBytes" | "openBytes">;
}

/** Blobs as files `<workspace>/<kind>/<two digits>/<sha256>`, mode 0600. Sweeps what dead writers left. */
export async function diskBlobs({ directory: given, keyring }: DiskOptions): Promise<Blobs> {
  const directory = resolve(given);
  const pathOf = (place: BlobPlace) => join(directory, blobName(place));
  try {
    await ensureDirectory(join(directory, incoming));
    await sweepIncoming(directory, await storageClock(directory));
  } catch (error) {
    throw storageError(error, "writing");
  }

  const openPlain = async (file: FileHandle, place: BlobPlace): Promise<Readable> => {
    const opening = await keyring.openStream(sealPlace(place));
    return pipeline(file.createReadStream(), opening, verifying(place.digest), () => {});
  };
  const readPlain = async (file: FileHandle, place: BlobPlace, { limit = defaultReadLimit }: ReadOptions): Promise<Buffer> => {
    const { size } = await file.stat();
    if (size > largestSealed(limit)) throw tooLarge(limit);
    // A large blob goes through the stream, which lets others run between its chunks.
    const small = size <= largestSealed(smallBody);
    const bytes = small ? await keyring.openBytes(sealPlace(place), await file.readFile()) : await buffer(await openPlain(file, place));
    if (bytes.length > limit) throw tooLarge(limit);
    return small ? verifiedBytes(bytes, place.digest) : bytes;
  };
  const reading = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw readFailure(error);
    }
  };

  return {
    put: diskPut(directory, keyring),
    open: (place) =>
      reading(async () => {
        const file = await open(pathOf(place), constants.O_RDONLY);
        return openPlain(file, place).catch(async (error: unknown) => {
          await file.close();
          throw error;
        });
      }),
    read: (place, options = {}) =>
      reading(async () => {
        const file = await open(pathOf(place), constants.O_RDONLY);
        return readPlain(file, place, options).finally(() => file.close());
      }),
    has: (place) => reading(() => stat(pathOf(place)).then((found) => found.isFile(), absent)),
    async remove(place) {
      await reading(() => unlink(pathOf(place)).catch(absent));
    },
    list: (after) => diskList(directory, after),
    removeOlder: (place, before) => reading(() => removeOlder(directory, place, before)),
    now: () => reading(() => storageClock(directory)),
    check: () => probe(directory),
  };
}

function absent(error: NodeJS.ErrnoException): false {
  if (error.code !== "ENOENT") throw error;
  return false;
}
