import { Readable } from "node:stream";
import type { Blobs } from "@takosumi/blobs/blobs";
import { ApiError } from "@takosumi/contracts/errors";
import { type ArchiveType, readArchive } from "@takosumi/opentofu/archive/archive";
import { TofuError } from "@takosumi/opentofu/errors";
import { tarBytes } from "@takosumi/opentofu/tar-form";
import type { Incoming } from "@takosumi/transport/handlers";

/** Paths that a snapshot's row names; a Capsule shows them. */
const named = 1_000;

export interface StoredArchive {
  readonly digest: string;
  readonly size_bytes: number;
  readonly paths: readonly string[];
  readonly file_count: number;
  readonly ignored_count: number;
}

/** Reads an archive as it arrives and stores what is in it as a snapshot: the same files are the same blob. 400 naming the entry where it is refused. */
export async function storeArchive(blobs: Blobs, folder: string, workspace: string, { body, type }: Incoming): Promise<StoredArchive> {
  // The rest of a refused body is still read, so that its sender gets to read the answer.
  const bytes = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  try {
    return await readArchive({ type: type as ArchiveType, body: bytes, folder }, async ({ entries, paths, ignored }) => {
      const stored = await blobs.put({ workspace, kind: "source" }, Readable.from(tarBytes(entries)));
      return { ...stored, paths: paths.slice(0, named), file_count: paths.length, ignored_count: ignored };
    });
  } catch (error) {
    if (full.has((error as NodeJS.ErrnoException).code ?? ""))
      throw new ApiError("UNAVAILABLE", "The disk of this server takes no more: nothing was changed", {
        reason: "storage",
        retry_after_ms: 10_000,
      });
    if (!(error instanceof TofuError)) throw error;
    for await (const _ of body);
    throw refusal(error);
  }
}

const full = new Set(["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "EIO", "EROFS"]);
const reasons = { bad_path: "unsafe_path", bad_archive: "bad_archive", too_large: "archive_too_large" } as const;

function refusal({ reason, message, entry }: TofuError): ApiError {
  return new ApiError("BAD_REQUEST", message, {
    reason: reasons[reason as keyof typeof reasons] ?? "bad_archive",
    fields: [{ path: "", message }],
    ...(entry !== null && { entry }),
  });
}
