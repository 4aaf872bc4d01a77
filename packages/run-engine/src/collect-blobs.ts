import type { BlobKind, ListedBlob } from "@takosumi/blobs/blobs";
import { statement } from "@takosumi/db/sql";
import { namedBlobs } from "./blob-names.ts";
import type { EngineResources } from "./resources.ts";

type Used = Pick<EngineResources, "db" | "blobs" | "settings">;

/** Blobs asked about at once, and looked at in one round: the next round goes on from there. */
const page = 500;
const roundBlobs = 50_000;

/**
 * What a Run at work has stored is named only when it ends, and a lost one may come back after days: as long as a Workspace has such a
 * Run, nothing is removed there that is younger than it. $1 Workspace. Plan: runs_running_idx and runs_waiting_idx.
 */
const workingFor = statement(
  "collect_working_for",
  `SELECT extract(epoch FROM now() - min(started_at))::float8 AS seconds FROM (
     SELECT started_at FROM runs WHERE workspace_id = $1 AND status = 'running'
     UNION ALL SELECT started_at FROM runs WHERE workspace_id = $1 AND status = 'needs_recovery'
   ) working`,
);

const before = (now: Date, seconds: number): Date => new Date(now.getTime() - seconds * 1_000);

/** Removes blobs that no row names and that are old enough for no transaction to name them still. Safe on many replicas at once. */
export class Collector {
  #after: string | null = null;

  /** One bounded round; answers how many were removed. */
  async round({ db, blobs, settings }: Used, signal: AbortSignal): Promise<number> {
    // How old something is, by the clock that wrote it, be it the storage or the database; never by that of this process.
    const now = await blobs.now();
    const oldest = before(now, settings.unnamedSeconds);
    let removed = 0;
    let seen = 0;
    let group: ListedBlob[] = [];
    const judge = async () => {
      const [first] = group;
      if (first) removed += await this.#remove({ db, blobs }, first.workspace, first.kind, group, now, oldest);
      group = [];
    };
    for await (const blob of blobs.list(this.#after)) {
      if (signal.aborted || seen === roundBlobs) {
        await judge();
        return removed;
      }
      seen++;
      this.#after = blob.name;
      if (group.length === page || (group[0] && (group[0].workspace !== blob.workspace || group[0].kind !== blob.kind))) await judge();
      if (blob.written_at < oldest) group.push(blob);
    }
    await judge();
    this.#after = null;
    return removed;
  }

  async #remove(
    { db, blobs }: Pick<Used, "db" | "blobs">,
    workspace: string,
    kind: BlobKind,
    old: readonly ListedBlob[],
    now: Date,
    oldest: Date,
  ): Promise<number> {
    const seconds = (await db.one<{ seconds: number | null }>(workingFor, [workspace]))?.seconds ?? 0;
    const since = before(now, seconds);
    const limit = since < oldest ? since : oldest;
    const candidates = old.filter(({ written_at }) => written_at < limit);
    if (candidates.length === 0) return 0;
    const digests = candidates.map(({ digest }) => digest);
    const named = await namedBlobs(db, kind, workspace, digests);
    if (!named) return 0;
    let removed = 0;
    for (const { digest } of candidates) if (!named.has(digest) && (await blobs.removeOlder({ workspace, kind, digest }, limit))) removed++;
    return removed;
  }
}
