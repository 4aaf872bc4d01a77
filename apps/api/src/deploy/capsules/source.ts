import type { Blobs } from "@takosumi/blobs/blobs";
import type { SourceInput } from "@takosumi/contracts/deploy/source";
import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import { canonicalJson } from "@takosumi/db/canonical-json";
import type { CapsuleRow } from "@takosumi/db/rows";
import { TofuError } from "@takosumi/opentofu/errors";
import { packFiles } from "@takosumi/opentofu/source";
import type { z } from "zod";
import type { NestedId } from "../../tenancy/owned.ts";
import type { Tx } from "../../world.ts";
import { keepSnapshot, uploadedSnapshot } from "../snapshots/repository.ts";

type Given = z.output<typeof SourceInput>;
type Inline = Extract<CapsuleRow["source"], { kind: "inline" }>;
/** A source before its row is written: what is inline is stored by then. */
export type PreparedSource = Inline | Extract<Given, { kind: "upload" | "git" }>;
/** What a Capsule's row says of its source. */
export type SettledSource = Pick<CapsuleRow, "source" | "source_id" | "source_snapshot_id">;

/** Where a source names something by id. */
export function idsInSource(given: Given | undefined): NestedId[] {
  if (given?.kind === "upload") return [{ path: "source.source_id", entity: "source", id: given.source_id }];
  const secret = given?.kind === "git" ? given.secret_id : undefined;
  return secret === undefined ? [] : [{ path: "source.secret_id", entity: "secret", id: secret }];
}

/** Everything slow, before any transaction: packs and stores the files of an inline source. The same files are the same blob. */
export async function prepareSource(blobs: Blobs, workspace: string, given: Given): Promise<PreparedSource> {
  if (given.kind !== "inline") return given;
  const { tar, digest } = await packFiles(given.files).catch((error: unknown) => {
    if (!(error instanceof TofuError)) throw error;
    throw new ApiError("BAD_REQUEST", `source.files: ${error.message}`, {
      reason: "unsafe_path",
      fields: [{ path: "source.files", message: error.message }],
    });
  });
  const { size_bytes } = await blobs.put({ workspace, kind: "source" }, tar, { expect: digest });
  return { kind: "inline", digest, size_bytes, paths: Object.keys(given.files).sort() };
}

/** The snapshot that a Capsule is planned from. 404 naming the field where an uploaded source was deleted meanwhile. */
export async function settleSource(
  tx: Tx,
  workspace_id: string,
  source: PreparedSource,
  before?: CapsuleRow["source"],
): Promise<SettledSource> {
  if (source.kind === "inline") {
    const { digest, size_bytes, paths } = source;
    const source_snapshot_id = await keepSnapshot(tx, { id: newId("snap_"), workspace_id, origin: "inline", digest, size_bytes, paths });
    return { source, source_id: null, source_snapshot_id };
  }
  if (source.kind === "git") return { source: gitSource(source, before), source_id: null, source_snapshot_id: null };
  const found = await uploadedSnapshot(tx, source.source_id, workspace_id);
  if (!found) {
    const message = "There is no such source";
    throw new ApiError("NOT_FOUND", `source.source_id: ${message}`, { fields: [{ path: "source.source_id", message }] });
  }
  const { id: source_id, snapshot_id, digest, size_bytes, paths } = found;
  return { source: { kind: "upload", source_id, digest, size_bytes, paths }, source_id, source_snapshot_id: snapshot_id };
}

type Git = Extract<CapsuleRow["source"], { kind: "git" }>;

/** What decides what is fetched. */
export const gitConfiguration = ({ url, ref, path, secret_id, known_hosts }: Git) => [url, ref, path, secret_id, known_hosts];

/** A repository that was given again still shows what was last fetched of it. */
function gitSource(given: Extract<Given, { kind: "git" }>, before: CapsuleRow["source"] | undefined): Git {
  const { kind, url, ref = null, path = null, secret_id = null, known_hosts = [] } = given;
  const next: Git = { kind, url, ref, path, secret_id, known_hosts, commit: null, digest: null, size_bytes: null };
  const same = before?.kind === "git" && canonicalJson(gitConfiguration(before)) === canonicalJson(gitConfiguration(next));
  return same ? before : next;
}
