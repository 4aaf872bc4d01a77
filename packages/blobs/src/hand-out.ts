import type { Readable } from "node:stream";
import type { BlobPlace, Blobs } from "./blobs.ts";

/** What is no larger is looked at as a whole before its first byte is sent, so that damage is an answer and not a broken one. */
const wholeLimit = 1024 * 1024;

/** Bytes to send to somebody. `missing` or `corrupt` at once; a large body that is corrupt breaks off. */
export const handOut = (blobs: Pick<Blobs, "read" | "open">, place: BlobPlace, size: number | null): Promise<Readable | Buffer> =>
  size !== null && size <= wholeLimit ? blobs.read(place) : blobs.open(place);
