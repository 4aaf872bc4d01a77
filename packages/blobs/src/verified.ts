import { Transform } from "node:stream";
import { SealError } from "@takosumi/keyring/seal-error";
import { storageError } from "./blob-error.ts";
import { corrupt, Measure } from "./measured.ts";

/** Passes bytes on, and fails at their end where they are not those of the digest. */
export function verifying(digest: string): Transform {
  const measure = new Measure(Number.POSITIVE_INFINITY);
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      measure.add(bytes);
      done(null, bytes);
    },
    flush(done) {
      done(measure.done().digest === digest ? null : corrupt());
    },
    // What failed in front of this stream arrives here.
    destroy(error, done) {
      done(error && (readFailure(error) as Error));
    },
  });
}

/** The bytes, if they are those of the digest. */
export function verifiedBytes(bytes: Buffer, digest: string): Buffer {
  const measure = new Measure(Number.POSITIVE_INFINITY);
  measure.add(bytes);
  if (measure.done().digest !== digest) throw corrupt();
  return bytes;
}

/** What a failed read is called: a seal that does not open is damage, like a wrong digest. */
export const readFailure = (error: unknown): unknown => (error instanceof SealError ? corrupt() : storageError(error, "reading"));
