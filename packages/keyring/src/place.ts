import { SealError } from "./seal-error.ts";

/** Where a sealed value stands. It opens there and nowhere else. */
export interface Place {
  readonly table: string;
  readonly workspace: string;
  readonly row: string;
  readonly field: string;
}

/** Longest part of a place, in bytes of UTF-8. */
const maxPart = 512;

/** Joins parts so that no two lists of parts give the same bytes: each stands behind its length (4 bytes, big endian). */
export function lengthPrefixed(parts: readonly (string | Uint8Array)[]): Buffer {
  const pieces = parts.flatMap((part) => {
    const bytes = bytesOf(part);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(pieces);
}

/** UTF-8 of a text; bytes as they are. */
export const bytesOf = (data: string | Uint8Array): Uint8Array => (typeof data === "string" ? Buffer.from(data) : data);

/** The additional data of a place for one purpose. `purpose` and `header` keep texts, streams and MACs apart. */
export function additionalData(purpose: string, header: string | Uint8Array, { table, workspace, row, field }: Place): Buffer {
  const parts = [table, workspace, row, field];
  // An unpaired surrogate would become the same bytes as any other.
  if (parts.some((part) => part.length === 0 || Buffer.byteLength(part) > maxPart || !part.isWellFormed())) {
    throw new SealError(`A place names table, workspace, row and field, each of 1 to ${maxPart} bytes`);
  }
  return lengthPrefixed([purpose, header, ...parts]);
}
