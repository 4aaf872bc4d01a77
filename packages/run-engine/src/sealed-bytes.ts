import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BlobError } from "@takosumi/blobs/blob-error";
import type { BlobKind } from "@takosumi/blobs/blobs";
import type { RunRow } from "@takosumi/db/rows";
import type { Basis } from "./lease.ts";
import type { EngineResources } from "./resources.ts";

/**
 * What of a sealed plan is not there as it was stored; null where all is. Plan file and state are read by every apply; source and work
 * tree may stand on the runner since the plan, so that nobody else would look.
 */
export async function damagedOf(
  { blobs }: Pick<EngineResources, "blobs">,
  run: Pick<RunRow, "workspace_id">,
  basis: Promise<Basis>,
): Promise<string | null> {
  const { plan, source } = await basis;
  const parts: [string, BlobKind, string | null | undefined][] = [
    ["source", "source", source?.digest],
    ["work tree", "work", plan.work_digest],
  ];
  const whole = await Promise.all(
    parts.map(async ([, kind, digest]) => !digest || (await isWhole(blobs, { workspace: run.workspace_id, kind, digest }))),
  );
  return parts.find((_, i) => !whole[i])?.[0] ?? null;
}

async function isWhole(blobs: EngineResources["blobs"], place: Parameters<EngineResources["blobs"]["open"]>[0]): Promise<boolean> {
  try {
    await pipeline(await blobs.open(place), new Writable({ write: (_bytes, _encoding, done) => done() }));
    return true;
  } catch (error) {
    if (error instanceof BlobError && (error.code === "corrupt" || error.code === "missing")) return false;
    throw error;
  }
}
