import type { Readable } from "node:stream";

export const blobKinds = ["source", "plan", "work", "state", "checkpoint", "log", "artifact"] as const;
export type BlobKind = (typeof blobKinds)[number];

/** Where new bytes go. */
export interface BlobShelf {
  /** Id of the Workspace: `[A-Za-z0-9_-]`, up to 64 characters. */
  readonly workspace: string;
  readonly kind: BlobKind;
}

/** One stored blob. */
export interface BlobPlace extends BlobShelf {
  /** `sha256:<64 hex digits>` of the plaintext. */
  readonly digest: string;
}

/** One that `list` found. */
export interface ListedBlob extends BlobPlace {
  /** Its name in the storage, by which the list is ordered. */
  readonly name: string;
  /** When its bytes were last written: a `put` of the same bytes makes it new again. */
  readonly written_at: Date;
}

export interface StoredBlob {
  readonly digest: string;
  readonly size_bytes: number;
}

export interface PutOptions {
  /** Most bytes taken; a longer body is `too_large` and leaves nothing. Default 1 GiB. */
  readonly limit?: number;
  /** The digest that the bytes must have; others are `corrupt` and leave nothing. */
  readonly expect?: string;
}

export interface ReadOptions {
  /** Most bytes held in memory; a larger blob is `too_large`. Default 64 MiB. */
  readonly limit?: number;
}

/**
 * Content-addressed storage of encrypted bytes, the same for a directory and a bucket. Whatever fails is a BlobError,
 * except an error of the body's own source or of the key store, which passes through.
 */
export interface Blobs {
  /** Stores the bytes durably and answers with their digest. The same bytes again, also at the same moment, are harmless. */
  put(at: BlobShelf, body: Readable | Uint8Array, options?: PutOptions): Promise<StoredBlob>;
  /** The bytes as a stream that fails at its end where they are not those of the digest: act on nothing before. `missing` at once. */
  open(place: BlobPlace): Promise<Readable>;
  /** The verified bytes. */
  read(place: BlobPlace, options?: ReadOptions): Promise<Buffer>;
  has(place: BlobPlace): Promise<boolean>;
  /** Removes the blob; one that is not there is fine. */
  remove(place: BlobPlace): Promise<void>;
  /** Everything that is stored, in the order of names, beginning after `after`; what is written meanwhile may be left out. */
  list(after: string | null): AsyncIterable<ListedBlob>;
  /** Removes the blob where its bytes were last written before then; false where they were not, or there is none. */
  removeOlder(place: BlobPlace, before: Date): Promise<boolean>;
  /** What time it is by the clock that says when something was written. */
  now(): Promise<Date>;
  /** Writes, reads and removes a probe. */
  check(): Promise<void>;
}

export const defaultPutLimit = 1024 * 1024 * 1024;
export const defaultReadLimit = 64 * 1024 * 1024;
