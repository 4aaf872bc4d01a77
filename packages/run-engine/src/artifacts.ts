import type { Readable } from "node:stream";
import { BlobError } from "@takosumi/blobs/blob-error";
import type { BlobKind, BlobShelf, StoredBlob } from "@takosumi/blobs/blobs";
import { handOut } from "@takosumi/blobs/hand-out";
import { parseStateFile, type StateFile } from "@takosumi/contracts/deploy/state-file";
import { ApiError } from "@takosumi/contracts/errors";
import type { RunRow, SourceSnapshotRow, StateVersionRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { type Held, heldBrief, heldRun, lostLease } from "./lease.ts";
import { heardOf } from "./queries/lease.ts";
import { runById, sourceSnapshot, stateVersion } from "./queries/snapshot.ts";
import type { EngineResources } from "./resources.ts";

type Stores = Pick<EngineResources, "db" | "blobs">;
/** Most bytes of a state that are read at once. */
export const stateLimit = 256 * 1024 * 1024;

/** A checkpoint replaces an older one of the same lease, never a newer one. $1 run, $2 epoch, $3 runner, $4 serial, $5 lineage, $6 digest, $7 bytes. */
const putCheckpoint = statement(
  "checkpoint_put",
  `INSERT INTO checkpoints (run_id, workspace_id, epoch, serial, lineage, digest, size_bytes, at)
   SELECT r.id, r.workspace_id, r.lease_epoch, $4, $5, $6, $7, now() FROM runs r
   WHERE r.id = $1 AND r.lease_epoch = $2 AND r.lease_runner_id = $3 AND r.status IN ('running', 'needs_recovery') AND r.base_lineage = $5
   ON CONFLICT (run_id) DO UPDATE SET epoch = excluded.epoch, serial = excluded.serial, digest = excluded.digest,
     size_bytes = excluded.size_bytes, at = excluded.at
     WHERE checkpoints.serial <= excluded.serial
   RETURNING run_id`,
);

/** Bytes that a runner made for a Run that it holds. A checkpoint must be a state of the Run's lineage. */
export async function acceptArtifact(
  { db, blobs }: Stores,
  held: Held,
  kind: "source" | "plan" | "work" | "state" | "checkpoint",
  body: Readable,
  expect: string,
): Promise<StoredBlob> {
  const run = await heldBrief(db, held);
  const shelf = { workspace: run.workspace_id, kind: (kind === "checkpoint" ? "state" : kind) satisfies BlobKind };
  const stored = await put(blobs, shelf, body, expect);
  if (kind === "checkpoint") {
    const { serial, lineage } = stateOf(await blobs.read({ ...shelf, digest: stored.digest }, { limit: stateLimit }));
    if (lineage !== run.base_lineage)
      throw new ApiError("PRECONDITION_FAILED", "The checkpoint is of another lineage", { reason: "lineage" });
    const values = [run.id, held.epoch, held.runner_id, serial, lineage, stored.digest, stored.size_bytes];
    if (await db.one(putCheckpoint, values)) return stored;
  }
  // The bytes took their time: the lease must still stand.
  await heldBrief(db, held);
  return stored;
}

/** Small artifacts that come along with the end of a Run: what ends it looks at the lease again. */
export async function acceptCarried(
  { db, blobs }: Stores,
  held: Held,
  carried: readonly { readonly kind: "plan" | "work" | "state"; readonly digest: string; readonly base64: string }[],
): Promise<void> {
  if (carried.length === 0) return;
  const { workspace_id: workspace } = await heldBrief(db, held);
  await Promise.all(carried.map(({ kind, digest, base64 }) => put(blobs, { workspace, kind }, Buffer.from(base64, "base64"), digest)));
}

const put = (blobs: Stores["blobs"], shelf: BlobShelf, body: Readable | Uint8Array, expect: string): Promise<StoredBlob> =>
  blobs.put(shelf, body, { expect }).catch((error: unknown) => {
    if (error instanceof BlobError && error.code === "corrupt")
      throw new ApiError("BAD_REQUEST", "digest: is not that of the bytes", { reason: "invalid" });
    throw error;
  });

/** What a state says of itself. BAD_REQUEST where the bytes are none. */
export function stateOf(bytes: Uint8Array): StateFile {
  const parsed = parseStateFile(bytes);
  if ("file" in parsed) return parsed.file;
  throw new ApiError("BAD_REQUEST", `state: ${parsed.problem}`, {
    reason: "invalid",
    fields: [{ path: "state", message: parsed.problem }],
  });
}

/**
 * Bytes that a held Run works on: its source and base state, and for an apply the plan and work tree of exactly its plan. GONE `damaged`
 * where they are not there as they were stored; a large body that is damaged breaks off.
 */
export async function openInput(
  { db, blobs }: Stores,
  held: Held,
  kind: "source" | "state" | "plan" | "work",
): Promise<{ body: Readable | Buffer; size: number }> {
  const run = await heldRun(db, held);
  // Before the plan is handed out: an apply of which this is not recorded was surely not begun.
  if (kind === "plan" && !(await db.one(heardOf, [run.id, held.epoch, held.runner_id]))) throw lostLease(run.id);
  const place = await placeOf({ db }, run, kind);
  if (!place) throw new ApiError("NOT_FOUND", `Run ${run.id} has no ${kind}`);
  const { digest, size } = place;
  const at = { workspace: run.workspace_id, kind, digest };
  try {
    return { body: await handOut(blobs, at, size), size };
  } catch (error) {
    if (!(error instanceof BlobError) || (error.code !== "corrupt" && error.code !== "missing")) throw error;
    throw new ApiError("GONE", `The stored ${kind} of Run ${run.id} is ${error.code === "missing" ? "gone" : "damaged"}`, {
      reason: "damaged",
    });
  }
}

async function placeOf({ db }: Pick<EngineResources, "db">, run: RunRow, kind: "source" | "state" | "plan" | "work") {
  const sized = (digest: string | null | undefined, size: number | null | undefined) => (digest ? { digest, size: size ?? 0 } : null);
  if (kind === "source") {
    const source = run.source_snapshot_id && (await db.one<SourceSnapshotRow>(sourceSnapshot, [run.source_snapshot_id]));
    return source ? sized(source.digest, source.size_bytes) : null;
  }
  if (kind === "state") {
    const version = run.base_state_version_id && (await db.one<StateVersionRow>(stateVersion, [run.base_state_version_id]));
    return version ? sized(version.digest, version.size_bytes) : null;
  }
  const plan = run.plan_run_id && (await db.one<RunRow>(runById, [run.plan_run_id]));
  if (!plan) return null;
  return kind === "plan" ? sized(plan.plan_digest, plan.plan_size_bytes) : sized(plan.work_digest, plan.work_size_bytes);
}
