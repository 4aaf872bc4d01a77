import type { RunRow } from "@takosumi/db/rows";
import { listedRuns } from "./queries/listed-runs.ts";
import type { EngineResources } from "./resources.ts";

export type ListedRun = Pick<RunRow, "id" | "workspace_id" | "project_id" | "capsule_id" | "kind" | "status" | "phase" | "updated_at">;
/** Runs that changed since the last batch, each as it is now; `null` where some may have been missed. */
export type ListedBatch = readonly (ListedRun | null)[];

/** Changes that come together are told together. */
const gatherMs = 100;
const most = { dirty: 1_000, pending: 500, known: 10_000 };

interface Follower {
  readonly workspace: string;
  /** By Run: a follower that is behind hears of each Run once, as it then is. */
  readonly pending: Map<string, ListedRun>;
  missed: boolean;
  wake(): void;
}

/** Tells followers of a Workspace which of its Runs changed: one query for everybody in this process, and none while nobody follows. */
export function openWorkspaceFeeds({ db, notices }: Pick<EngineResources, "db" | "notices">, onError: (error: unknown) => void) {
  const followers = new Set<Follower>();
  const dirty = new Set<string>();
  const known = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;

  const missedSome = () => {
    for (const follower of followers) {
      follower.missed = true;
      follower.wake();
    }
  };
  const stop = notices.hear(
    "takosumi_run",
    (run) => {
      if (followers.size === 0) return;
      if (dirty.size < most.dirty) dirty.add(run);
      else missedSome();
      timer ??= setTimeout(() => void look().catch(onError), gatherMs).unref();
    },
    missedSome,
  );

  async function look(): Promise<void> {
    timer = undefined;
    const ids = [...dirty];
    dirty.clear();
    const rows = await db.query<ListedRun>(listedRuns, [ids]).catch((error: unknown) => {
      missedSome();
      throw error;
    });
    for (const row of rows) {
      const now = `${row.status} ${row.phase}`;
      if (known.get(row.id) === now) continue;
      known.delete(row.id);
      known.set(row.id, now);
      for (const follower of followers) if (follower.workspace === row.workspace_id) tell(follower, row);
    }
    for (const oldest of known.keys()) {
      if (known.size <= most.known) break;
      known.delete(oldest);
    }
  }

  function tell(follower: Follower, row: ListedRun): void {
    if (follower.pending.size < most.pending || follower.pending.has(row.id)) follower.pending.set(row.id, row);
    else follower.missed = true;
    follower.wake();
  }

  return {
    async *follow(workspace: string, signal: AbortSignal): AsyncGenerator<ListedBatch> {
      let wake = () => {};
      const follower: Follower = { workspace, pending: new Map(), missed: false, wake: () => wake() };
      const end = () => wake();
      followers.add(follower);
      signal.addEventListener("abort", end);
      try {
        while (!signal.aborted) {
          if (follower.pending.size === 0 && !follower.missed)
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          if (signal.aborted) return;
          const batch = [...(follower.missed ? [null] : []), ...follower.pending.values()];
          follower.missed = false;
          follower.pending.clear();
          if (batch.length > 0) yield batch;
        }
      } finally {
        signal.removeEventListener("abort", end);
        followers.delete(follower);
      }
    },
    close(): void {
      clearTimeout(timer);
      stop();
    },
  };
}
