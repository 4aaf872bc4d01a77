import { Transform } from "node:stream";
import { type Chunks, chunkLength, chunksOf, maxHeader, newHeader, readHeader, sealedChunkLength } from "./chunks.ts";
import type { DataKey } from "./data-key.ts";
import { tagLength } from "./gcm.ts";
import type { Place } from "./place.ts";
import { Rechunk } from "./rechunk.ts";
import { SealError } from "./seal-error.ts";

type KeyById = (id: string) => Promise<DataKey>;

/** Plaintext in, sealed stream out. */
export function sealingStream(key: DataKey, place: Place): Transform {
  const header = newHeader(key.id);
  const chunks = chunksOf(key, place, header);
  const pieces = new Rechunk(chunkLength);
  return new Transform({
    construct(done) {
      this.push(header);
      done();
    },
    transform(bytes: Buffer, _encoding, done) {
      attempt(done, () => pieces.write(bytes, (piece) => this.push(chunks.seal(piece, false))));
    },
    flush(done) {
      attempt(done, () => this.push(chunks.seal(pieces.rest(), true)));
    },
  });
}

/** Sealed stream in, plaintext out: each chunk once it is authenticated. That the stream is whole is known only at its end. */
export function openingStream(place: Place, keyById: KeyById): Transform {
  let begin: Buffer | undefined = Buffer.alloc(0);
  let chunks: Chunks | undefined;
  const pieces = new Rechunk(sealedChunkLength);
  const start = async (bytes: Buffer): Promise<Buffer> => {
    begin = Buffer.concat([begin ?? bytes, bytes]);
    const header = readHeader(begin);
    if (!header) return Buffer.alloc(0);
    const body = begin.subarray(header.length);
    chunks = chunksOf(await keyById(header.keyId), place, begin.subarray(0, header.length));
    begin = undefined;
    return body;
  };
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      const open = (body: Buffer) => pieces.write(body, (piece) => this.push(chunks?.open(piece, false)));
      if (chunks) attempt(done, () => open(bytes));
      else start(bytes).then((body) => attempt(done, () => open(body)), done);
    },
    flush(done) {
      attempt(done, () => {
        if (!chunks) throw new SealError();
        this.push(chunks.open(pieces.rest(), true));
      });
    },
  });
}

/** A whole sealed stream in one piece, for bytes that are in memory anyway. */
export function sealWhole(key: DataKey, place: Place, plaintext: Uint8Array): Buffer {
  const header = newHeader(key.id);
  const chunks = chunksOf(key, place, header);
  const sealed = pieceStarts(plaintext.length, chunkLength).map((from) => {
    const to = from + chunkLength;
    return chunks.seal(plaintext.subarray(from, to), to >= plaintext.length);
  });
  return Buffer.concat([header, ...sealed]);
}

export async function openWhole(place: Place, sealed: Buffer, keyById: KeyById): Promise<Buffer> {
  const header = readHeader(sealed);
  if (!header) throw new SealError();
  const chunks = chunksOf(await keyById(header.keyId), place, sealed.subarray(0, header.length));
  const body = sealed.subarray(header.length);
  const opened = pieceStarts(body.length, sealedChunkLength).map((from) => {
    const to = from + sealedChunkLength;
    return chunks.open(body.subarray(from, to), to >= body.length);
  });
  return Buffer.concat(opened);
}

/** Most bytes that the sealed stream of so much plaintext can have. */
export function largestSealed(plaintext: number): number {
  return maxHeader + plaintext + tagLength * pieceStarts(plaintext, chunkLength).length;
}

const pieceStarts = (length: number, piece: number): number[] =>
  Array.from({ length: Math.max(1, Math.ceil(length / piece)) }, (_, i) => i * piece);

function attempt(done: (error?: Error | null) => void, work: () => void): void {
  try {
    work();
  } catch (error) {
    done(error as Error);
    return;
  }
  done();
}
