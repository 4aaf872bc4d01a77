import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { type Entry, fromRandomAccessReaderPromise, getFileNameLowLevel, RandomAccessReader } from "yauzl";
import { TofuError } from "../errors.ts";
import type { Gathering } from "./gathering.ts";
import { RATIO_FROM, type SourceLimits } from "./limits.ts";
import type { Spool } from "./spool.ts";
import { unreadable, unwanted } from "./unreadable.ts";

/** The index of a zip stands at its end: the whole of it is on the spool before anything is read. */
class SpoolReader extends RandomAccessReader {
  readonly #spool: Spool;
  constructor(spool: Spool) {
    super();
    this.#spool = spool;
  }
  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#spool.read(start, end));
  }
}

/** Reads a zip; bodies go to a second spool. Throws `bad_archive`, `bad_path`, `too_large`. */
export async function readZip(packed: Spool, spool: Spool, gathering: Gathering, limits: SourceLimits): Promise<void> {
  try {
    const zip = await fromRandomAccessReaderPromise(new SpoolReader(packed), packed.size, { decodeStrings: false, autoClose: false });
    if (zip.entryCount > limits.entries) throw new TofuError("too_large", `There are more than ${limits.entries} entries.`);
    for await (const entry of zip.eachEntry())
      await take(entry, () => zip.openReadStreamPromise(entry), packed.size, spool, gathering, limits);
  } catch (error) {
    throw unreadable(error);
  }
}

async function take(
  entry: Entry,
  open: () => Promise<Readable>,
  packedSize: number,
  spool: Spool,
  gathering: Gathering,
  { ratio }: SourceLimits,
): Promise<void> {
  const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
  const path = gathering.take(name);
  if (path === null) return;
  const { kind, executable } = modeOf(entry);
  if (name.endsWith("/") || kind === "directory") return gathering.folder(path);
  if (kind !== "file") throw unwanted(path, kind);
  if (entry.isEncrypted()) throw new TofuError("bad_archive", `${JSON.stringify(path)} is encrypted: pack it without a password.`, path);
  gathering.spend(path, entry.uncompressedSize);
  const start = spool.size;
  let sum = 0;
  for await (const chunk of (await open()) as AsyncIterable<Buffer>) {
    sum = crc32(chunk, sum);
    await spool.append(chunk);
    if (spool.size > RATIO_FROM && spool.size > packedSize * ratio)
      throw new TofuError("too_large", `The archive unpacks to more than ${ratio} times its size.`, path);
  }
  if (sum !== entry.crc32)
    throw new TofuError("bad_archive", `${JSON.stringify(path)} is damaged: its bytes are not those of its checksum.`, path);
  const end = spool.size;
  gathering.file(path, executable, end - start, () => spool.read(start, end));
}

const kinds: Readonly<Record<number, string>> = {
  0: "file",
  0o100000: "file",
  0o040000: "directory",
  0o120000: "symlink",
  0o010000: "fifo",
  0o140000: "socket",
  0o060000: "block-device",
  0o020000: "character-device",
};
const UNIX = [3, 19];

/** Kind and mode as a Unix packer writes them; any other writes none, and what it packs are files. */
function modeOf({ versionMadeBy, externalFileAttributes }: Entry): { kind: string; executable: boolean } {
  if (!UNIX.includes(versionMadeBy >> 8)) return { kind: "file", executable: false };
  const mode = externalFileAttributes >>> 16;
  return { kind: kinds[mode & 0o170000] ?? "unknown", executable: (mode & 0o100) !== 0 };
}
