import { type FileHandle, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Keyring } from "@takosumi/keyring/envelope";
import { BlobError, storageError } from "./blob-error.ts";
import { type BlobShelf, type Blobs, defaultPutLimit } from "./blobs.ts";
import { type Body, BodyFailed, takeBody } from "./body.ts";
import { incoming } from "./directory.ts";
import { Measure } from "./measured.ts";
import { blobName, checkShelf, sealPlace } from "./place.ts";
import { temporaryName } from "./process-mark.ts";
import { named, written } from "./whole-file.ts";

type Sealing = Pick<Keyring, "sealStream" | "sealBytes">;

/**
 * `put` of a directory. The file is written and synced under a temporary name and renamed into its place, so it is there
 * whole or not at all. A blob that is there already is written again: that heals a damaged one.
 */
export function diskPut(directory: string, keyring: Sealing): Blobs["put"] {
  return async (at, body, { limit = defaultPutLimit, expect } = {}) => {
    checkShelf(at);
    const measure = new Measure(limit);
    const temporary = join(directory, incoming, await temporaryName());
    let taken: Body | undefined;
    try {
      taken = await takeBody(body, measure);
      await written(temporary, (file) => writeSealed(file, keyring, at, taken as Body));
      const stored = measure.done();
      if (expect !== undefined && expect !== stored.digest)
        throw new BlobError("corrupt", "The bytes do not have the digest that was announced");
      await named(temporary, join(directory, blobName({ ...at, digest: stored.digest })));
      return stored;
    } catch (error) {
      // What stays where even this fails is swept at the next start.
      await rm(temporary, { force: true }).catch(() => {});
      throw error instanceof BodyFailed ? error.cause : storageError(error, "writing");
    } finally {
      // Ends the source where its rest is not wanted any more.
      if (taken && "rest" in taken) await taken.rest.return(undefined);
    }
  };
}

async function writeSealed(file: FileHandle, keyring: Sealing, at: BlobShelf, body: Body): Promise<void> {
  if ("whole" in body) {
    await file.writeFile(await keyring.sealBytes(sealPlace(at), body.whole));
    return;
  }
  const { beginning, rest } = body;
  const all = async function* () {
    yield* beginning;
    yield* rest;
  };
  await pipeline(all, await keyring.sealStream(sealPlace(at)), async (sealed: AsyncIterable<Buffer>) => {
    for await (const bytes of sealed) await file.writeFile(bytes);
  });
}
