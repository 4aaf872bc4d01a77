import { TofuError } from "../errors.ts";
import { type Gathered, Gathering } from "./gathering.ts";
import { type SourceLimits, sourceLimits } from "./limits.ts";
import { readTarGz } from "./read-tar.ts";
import { readZip } from "./read-zip.ts";
import { Spool } from "./spool.ts";

export type ArchiveType = "application/gzip" | "application/zip";

/**
 * Reads somebody's archive and hands over what is in it, for as long as `work` takes. Nothing is written under a name that the archive
 * chose, nothing is whole in memory, and what lies in `folder` meanwhile has no name and is encrypted. Throws `bad_archive`, `bad_path`
 * and `too_large`, which name the entry; what `body` throws passes through.
 */
export async function readArchive<T>(
  {
    type,
    body,
    folder,
    limits = sourceLimits,
  }: { type: ArchiveType; body: AsyncIterable<Uint8Array>; folder: string; limits?: SourceLimits },
  work: (gathered: Gathered) => Promise<T>,
): Promise<T> {
  const files = await Spool.open(folder);
  const packed = type === "application/zip" ? await Spool.open(folder) : null;
  try {
    const gathering = new Gathering(limits);
    if (packed) {
      for await (const chunk of body) await packed.append(chunk);
      await packed.flush();
      if (packed.size === 0) throw new TofuError("bad_archive", "The body is empty: send a tar.gz or a zip.");
      await readZip(packed, files, gathering, limits);
    } else await readTarGz(body, files, gathering, limits);
    await files.flush();
    return await work(await gathering.done());
  } finally {
    await Promise.all([files.close(), packed?.close()]);
  }
}
