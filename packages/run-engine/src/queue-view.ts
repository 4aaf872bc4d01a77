import type { Run } from "@takosumi/contracts/deploy/run";
import type { Queries } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { z } from "zod";
import type { EngineSettings } from "./settings.ts";

type Queue = z.infer<typeof Run>["queue"];
interface Facts {
  readonly lock_run_id: string | null;
  readonly lock_actor: { readonly name: string } | null;
  readonly lock_reason: string | null;
  readonly pool: string;
  readonly online: number;
  readonly able: number;
  readonly free: number;
  readonly last_seen_at: Date | null;
  readonly running: number;
  readonly ahead: number;
}

/** Why a queued Run waits. $1 run, $2 seconds after which a runner is offline. Plan: each part by its index; `ahead` counts at most 1,000. */
const facts = statement(
  "queue_facts",
  `SELECT c.lock_run_id, c.lock_actor, c.lock_reason, fleet.*, coalesce((SELECT name FROM runner_pools WHERE id = r.pool), r.pool) AS pool,
     (SELECT count(*) FROM runs o WHERE o.workspace_id = r.workspace_id AND o.status = 'running') AS running,
     (SELECT count(*) FROM (SELECT 1 FROM runs q WHERE q.pool = r.pool AND q.status = 'queued' AND (q.queue_rank, q.id) < (r.queue_rank, r.id) LIMIT 1000) q) AS ahead
   FROM runs r JOIN capsules c ON c.id = r.capsule_id,
     LATERAL (
       SELECT count(*) FILTER (WHERE live) AS online,
         count(*) FILTER (WHERE live AND (r.tool_name IS NULL OR tools @> jsonb_build_array(jsonb_build_object('name', r.tool_name)))) AS able,
         coalesce(sum(slots) FILTER (WHERE live), 0) - (SELECT count(*) FROM runs b WHERE b.pool = r.pool AND b.status = 'running') AS free,
         max(last_seen_at) AS last_seen_at
       FROM (SELECT *, last_seen_at > now() - $2 * interval '1 second' AND NOT draining AS live FROM runners WHERE pool = r.pool) f
     ) AS fleet
   WHERE r.id = $1`,
);

/** Null for a Run that does not wait in the queue. */
export async function queueOf(db: Queries, settings: EngineSettings, run: RunRow): Promise<Queue> {
  if (run.status !== "queued") return null;
  const seen = await db.one<Facts>(facts, [run.id, settings.onlineSeconds]);
  if (!seen) return null;
  const waits = (
    code: NonNullable<Queue>["code"],
    reason: string,
    run_id: string | null = null,
    position: number | null = null,
  ): Queue => ({ code, reason, run_id, position });
  if (seen.lock_run_id !== null && seen.lock_run_id !== run.id)
    return waits("capsule_locked", `Locked by ${seen.lock_run_id}`, seen.lock_run_id);
  if (run.kind !== "plan" && seen.lock_actor) return waits("capsule_locked", `Locked by ${seen.lock_actor.name}: ${seen.lock_reason}`);
  if (Number(seen.online) === 0) {
    const last = seen.last_seen_at ? `last seen ${seen.last_seen_at.toISOString()}` : "none was ever seen";
    return waits("no_runner", `No runner online in pool "${seen.pool}" (${last})`);
  }
  if (Number(seen.able) === 0) return waits("no_tool", `No runner in pool "${seen.pool}" has ${run.tool_name}`);
  if (Number(seen.running) >= settings.workspaceLimit)
    return waits("workspace_limit", `${seen.running} of ${settings.workspaceLimit} running in this Workspace`);
  const position = Number(seen.ahead) + 1;
  if (Number(seen.free) <= 0) return waits("runners_busy", `All runners are busy, position ${position}`, null, position);
  return position === 1 ? waits("next", "Next in the queue", null, 1) : waits("position", `Position ${position}`, null, position);
}
