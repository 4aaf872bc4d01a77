import type { Readable } from "node:stream";
import { BlobError } from "./blob-error.ts";
import type { Measure } from "./measured.ts";

/** What is not longer is sealed in one piece, without a stream. */
export const smallBody = 1024 * 1024;
const slice = 64 * 1024;

/** A body that fits into memory; or its beginning, and the rest still to come. All bytes are measured as they pass. */
export type Body = { readonly whole: Buffer } | { readonly beginning: readonly Buffer[]; readonly rest: AsyncGenerator<Buffer> };

/** The source of a body failed: no fault of the storage. */
export class BodyFailed extends Error {}

export async function takeBody(body: Readable | Uint8Array, measure: Measure): Promise<Body> {
  if (body instanceof Uint8Array && body.length <= smallBody) {
    measure.add(body);
    return { whole: bufferOf(body) };
  }
  const rest = measured(body instanceof Uint8Array ? slices(body) : body, measure);
  const beginning: Buffer[] = [];
  let length = 0;
  while (length <= smallBody) {
    const next = await rest.next();
    if (next.done) return { whole: Buffer.concat(beginning) };
    beginning.push(next.value);
    length += next.value.length;
  }
  return { beginning, rest };
}

async function* measured(source: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>, measure: Measure): AsyncGenerator<Buffer> {
  try {
    for await (const part of source) {
      const bytes = typeof part === "string" ? Buffer.from(part) : bufferOf(part);
      measure.add(bytes);
      yield bytes;
    }
  } catch (error) {
    throw error instanceof BlobError ? error : new BodyFailed("The body failed", { cause: error });
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += slice) yield bytes.subarray(from, from + slice);
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, byteLength);
