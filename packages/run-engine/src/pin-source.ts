import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import type { Tx } from "@takosumi/db/db";
import type { RunRow, SourceSnapshotRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { conflict } from "./conflicts.ts";
import { type Held, heldRun, lostLease } from "./lease.ts";
import { holdCapsule } from "./queries/snapshot.ts";
import { recordRun, runnerActor } from "./record.ts";
import type { EngineResources } from "./resources.ts";

interface Bytes {
  readonly digest: string;
  readonly size_bytes: number;
}
export interface StoredSource extends Bytes {
  readonly paths: readonly string[];
}

/** The snapshot of a commit. $1 workspace, $2 url, $3 commit. Plan: git_commits_pkey. */
const known = statement(
  "git_commit_known",
  `SELECT n.* FROM git_commits c JOIN source_snapshots n ON n.id = c.snapshot_id WHERE c.workspace_id = $1 AND c.url = $2 AND c.commit = $3`,
);
/** $1 id, $2 workspace, $3 digest, $4 bytes, $5 paths, $6 commit, $7 url. */
const keep = statement(
  "git_snapshot_keep",
  `WITH kept AS (
     INSERT INTO source_snapshots (id, workspace_id, origin, digest, size_bytes, paths, commit) VALUES ($1, $2, 'git', $3, $4, $5, $6)
     ON CONFLICT (workspace_id, digest, coalesce(commit, '')) DO UPDATE SET digest = excluded.digest RETURNING *
   ), noted AS (
     INSERT INTO git_commits (workspace_id, url, commit, snapshot_id) SELECT $2, $7, $6, id FROM kept
     ON CONFLICT (workspace_id, url, commit) DO UPDATE SET snapshot_id = excluded.snapshot_id, fetched_at = now()
   )
   SELECT * FROM kept`,
);
/** A Run has one source in its life. $1 run, $2 epoch, $3 runner, $4 snapshot. */
const pin = statement(
  "run_pin_source",
  `UPDATE runs SET source_snapshot_id = $4, updated_at = now()
   WHERE id = $1 AND lease_epoch = $2 AND lease_runner_id = $3 AND status = 'running' AND (source_snapshot_id IS NULL OR source_snapshot_id = $4)
   RETURNING *`,
);
/** What a Capsule shows of its source, as long as it is the one that was fetched. $1 Capsule, $2 revision, $3 JSON. */
const show = statement(
  "capsule_show_commit",
  `UPDATE capsules SET source = source || $3::jsonb WHERE id = $1 AND config_revision = $2 AND source ->> 'kind' = 'git'`,
);

/**
 * Pins a Run to a commit of its repository: to the snapshot that is known of it, or to bytes that were stored as `source` before. Null
 * where neither is there. 409 for a Run whose source is not fetched, or is pinned to something else.
 */
export async function pinSource(
  { db, blobs }: Pick<EngineResources, "db" | "blobs">,
  held: Held,
  commit: string,
  stored: StoredSource | undefined,
): Promise<Bytes | null> {
  const run = await heldRun(db, held);
  if (run.kind !== "plan" || run.git_source === null) throw conflict(`The source of Run ${run.id} is not fetched`, { reason: "terminal" });
  const { url } = run.git_source;
  const has = (digest: string) => blobs.has({ workspace: run.workspace_id, kind: "source", digest });
  if (stored && !(await has(stored.digest)))
    throw new ApiError("PRECONDITION_FAILED", "The source was not uploaded", { reason: "changed" });
  const before = stored ? null : await db.one<SourceSnapshotRow>(known, [run.workspace_id, url, commit]);
  if (!stored && !(before && (await has(before.digest)))) return null;
  return db.transaction(async (tx) => {
    const snapshot = stored ? await keepSnapshot(tx, run, url, commit, stored) : (before as SourceSnapshotRow);
    // The Capsule before the Run, as everybody who holds both does.
    await tx.one(holdCapsule, [run.capsule_id]);
    const pinned = await tx.one<RunRow>(pin, [run.id, held.epoch, held.runner_id, snapshot.id]);
    if (!pinned) throw lostLease(run.id);
    const { digest, size_bytes } = snapshot;
    await tx.query(show, [run.capsule_id, run.config_revision, JSON.stringify({ commit, digest, size_bytes })]);
    await recordRun(tx, pinned, "run.source_pinned", runnerActor(held), {
      url,
      commit,
      source_digest: digest,
      fetched: stored !== undefined,
    });
    return { digest, size_bytes };
  });
}

const keepSnapshot = async (tx: Tx, { workspace_id }: RunRow, url: string, commit: string, { digest, size_bytes, paths }: StoredSource) =>
  (await tx.one<SourceSnapshotRow>(keep, [newId("snap_"), workspace_id, digest, size_bytes, paths, commit, url])) as SourceSnapshotRow;
