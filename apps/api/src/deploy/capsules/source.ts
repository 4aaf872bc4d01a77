import type { Blobs } from "@takosumi/blobs/blobs";
import type { Source, SourceInput } from "@takosumi/contracts/deploy/source";
import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import { TofuError } from "@takosumi/opentofu/errors";
import { packFiles } from "@takosumi/opentofu/source";
import type { z } from "zod";
import type { Tx } from "../../world.ts";
import { keepSnapshot } from "./repository.ts";

/** A source whose bytes are stored; its row is written with the Capsule. */
export interface PackedSource {
  readonly shown: z.infer<typeof Source>;
  readonly workspace_id: string;
}

/** Packs and stores the bytes, before any transaction: the same files are the same blob. */
export async function packSource(blobs: Blobs, workspaceId: string, { files }: z.infer<typeof SourceInput>): Promise<PackedSource> {
  const { tar, digest } = await packFiles(files).catch((error: unknown) => {
    if (!(error instanceof TofuError)) throw error;
    throw new ApiError("BAD_REQUEST", `source.files: ${error.message}`, {
      reason: "unsafe_path",
      fields: [{ path: "source.files", message: error.message }],
    });
  });
  const { size_bytes } = await blobs.put({ workspace: workspaceId, kind: "source" }, tar, { expect: digest });
  return { shown: { kind: "inline", digest, size_bytes, paths: Object.keys(files).sort() }, workspace_id: workspaceId };
}

/** The snapshot that holds these bytes. */
export const snapshotOf = (tx: Tx, { shown: { digest, size_bytes, paths }, workspace_id }: PackedSource): Promise<string> =>
  keepSnapshot(tx, { id: newId("snap_"), workspace_id, digest: digest as string, size_bytes: size_bytes as number, paths });
