import { join, sep } from "node:path";
import type { Place } from "@takosumi/keyring/place";
import { BlobError } from "./blob-error.ts";
import { type BlobPlace, type BlobShelf, blobKinds } from "./blobs.ts";

const workspaceId = /^[A-Za-z0-9_-]{1,64}$/;
const sha256 = /^sha256:([0-9a-f]{64})$/;

export function checkShelf({ workspace, kind }: BlobShelf): void {
  if (!workspaceId.test(workspace)) throw new BlobError("invalid", "The Workspace of a blob is an id of letters, digits, _ and -");
  if (!blobKinds.includes(kind)) throw new BlobError("invalid", `The kind of a blob is one of ${blobKinds.join(", ")}`);
}

/** The name of a blob in any storage: `<workspace>/<kind>/<first two digits>/<hex>`. Refuses whatever is no such name. */
export function blobName(place: BlobPlace): string {
  checkShelf(place);
  const hex = sha256.exec(place.digest)?.[1];
  if (hex === undefined) throw new BlobError("invalid", "The digest of a blob is sha256: and 64 hex digits in lower case");
  return join(place.workspace, place.kind, hex.slice(0, 2), hex);
}

/** The place behind such a name; null for a name of anything else. */
export function placeOf(name: string): BlobPlace | null {
  const [workspace = "", kind = "", , hex = ""] = name.split(sep);
  const place = { workspace, kind: kind as BlobShelf["kind"], digest: `sha256:${hex}` };
  return workspaceId.test(workspace) && blobKinds.includes(place.kind) && sha256.test(place.digest) && blobName(place) === name
    ? place
    : null;
}

/**
 * What a blob is sealed for. The digest is not known when sealing starts, so it is not part of it:
 * every read compares it with the bytes, which binds them more closely.
 */
export const sealPlace = ({ workspace, kind }: BlobShelf): Place => ({ table: "blobs", workspace, row: kind, field: "content" });
