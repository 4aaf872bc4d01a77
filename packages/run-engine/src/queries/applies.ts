import { statement } from "@takosumi/db/sql";

/** The Run that waits to execute a plan, or does. $1 plan. Plan: runs_open_apply_key. */
export const openApplyOf = statement(
  "open_apply_of",
  `SELECT * FROM runs WHERE plan_run_id = $1 AND status IN ('awaiting_approval', 'queued', 'running', 'needs_recovery')`,
);
/** The Run that used a plan up. $1 plan. Plan: runs_used_plan_key. */
export const usedApplyOf = statement("used_apply_of", `SELECT * FROM runs WHERE plan_run_id = $1 AND started_at IS NOT NULL`);
/** The next turn of a Workspace in a pool. $1 pool, $2 Workspace. Plan: one entry of runs_served_idx, the row of queue_turns. */
export const nextTurn = statement(
  "next_turn",
  `INSERT INTO queue_turns (pool, workspace_id, last_rank)
   VALUES ($1, $2, 1 + coalesce((SELECT s.queue_rank FROM runs s WHERE s.pool = $1 AND s.started_at IS NOT NULL ORDER BY s.started_at DESC LIMIT 1), 0))
   ON CONFLICT (pool, workspace_id) DO UPDATE SET last_rank = greatest(queue_turns.last_rank + 1, excluded.last_rank)
   RETURNING last_rank AS rank`,
);
