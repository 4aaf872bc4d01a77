import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { TofuError } from "../errors.ts";
import type { Gathering } from "./gathering.ts";
import { RATIO_FROM, type SourceLimits } from "./limits.ts";
import type { Spool } from "./spool.ts";
import { unreadable, unwanted } from "./unreadable.ts";

/** What passes through, beside what is kept: `.terraform` may hold a large provider that is not taken. */
const PASSED = 4;
/** Bytes of one entry beside its own: header, padding, a long name. */
const HEADERS = 4_096;

/** Reads a tar.gz as it arrives; bodies go to the spool. Throws `bad_archive`, `bad_path`, `too_large`; what `body` throws passes through. */
export async function readTarGz(body: AsyncIterable<Uint8Array>, spool: Spool, gathering: Gathering, limits: SourceLimits): Promise<void> {
  const parser = extract();
  const source = new Unzipped(body, limits);
  const feeding = pipeline(source.bytes(), parser);
  feeding.catch(() => undefined);
  let entries = 0;
  try {
    for await (const entry of parser) {
      if (++entries > limits.entries) throw new TofuError("too_large", `There are more than ${limits.entries} entries.`);
      await take(entry.header, entry as AsyncIterable<Uint8Array>, spool, gathering);
      entry.resume();
    }
    await feeding;
  } catch (error) {
    parser.destroy();
    throw source.failure ? source.failure.cause : unreadable(error);
  }
}

async function take(header: Header, body: AsyncIterable<Uint8Array>, spool: Spool, gathering: Gathering): Promise<void> {
  const path = gathering.take(header.name);
  if (path === null) return;
  if (header.type === "directory") return gathering.folder(path);
  if (header.type !== "file" && header.type !== "contiguous-file") throw unwanted(path, header.type);
  gathering.spend(path, header.size);
  const start = spool.size;
  for await (const chunk of body) await spool.append(chunk);
  const end = spool.size;
  gathering.file(path, ((header.mode ?? 0) & 0o100) !== 0, end - start, () => spool.read(start, end));
}

/** The bytes of a gzip, cut off where they are too many. */
class Unzipped {
  readonly #body: AsyncIterable<Uint8Array>;
  readonly #limits: SourceLimits;
  #came = 0;
  /** Why there were no more bytes: the parser behind only sees that they end. */
  failure: { readonly cause: unknown } | null = null;

  constructor(body: AsyncIterable<Uint8Array>, limits: SourceLimits) {
    this.#body = body;
    this.#limits = limits;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    const gunzip = createGunzip();
    const feeding = pipeline(Readable.from(this.#counted()), gunzip);
    feeding.catch(() => undefined);
    let out = 0;
    try {
      for await (const chunk of gunzip as AsyncIterable<Buffer>) {
        out += chunk.length;
        this.#check(out);
        yield chunk;
      }
      await feeding;
    } catch (error) {
      this.failure ??= { cause: unreadable(error) };
      throw error;
    } finally {
      gunzip.destroy();
    }
  }

  async *#counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#body) {
        if (this.#came === 0 && chunk[0] !== 0x1f)
          throw new TofuError("bad_archive", "The body is no gzip: send a tar.gz as application/gzip, a zip as application/zip.");
        this.#came += chunk.length;
        yield chunk;
      }
      if (this.#came === 0) throw new TofuError("bad_archive", "The body is empty: send a tar.gz or a zip.");
    } catch (error) {
      this.failure = { cause: error };
      throw error;
    }
  }

  #check(out: number): void {
    const { bytes, entries, ratio } = this.#limits;
    if (out > PASSED * bytes + entries * HEADERS)
      throw new TofuError("too_large", `The archive unpacks to more than ${(PASSED * bytes) >> 20} MiB.`);
    if (out > RATIO_FROM && out > this.#came * ratio)
      throw new TofuError("too_large", `The archive unpacks to more than ${ratio} times its size.`);
  }
}
