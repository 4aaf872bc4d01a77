import { statement } from "@takosumi/db/sql";

/** A sign of life of a runner that holds this lease, as a renewal is one. $1 run, $2 epoch, $3 runner. No row: it does not. */
export const heardOf = statement(
  "lease_heard_of",
  `UPDATE runs SET heartbeat_at = now() WHERE id = $1 AND lease_epoch = $2 AND lease_runner_id = $3 AND status IN ('running', 'needs_recovery') RETURNING *`,
);

/** The few columns that a runner's frequent calls need: a whole Run has seventy. $1 run. Plan: primary key. */
export const leasedBrief = statement(
  "leased_brief",
  `SELECT id, workspace_id, plan_run_id, base_lineage, runner_sequence, lease_epoch, lease_runner_id, status FROM runs WHERE id = $1`,
);

/** The Runs that a runner says it holds, those of them that it does. $1 runner, $2 run ids, $3 epochs. Plan: primary key per id. */
export const heldRuns = statement(
  "held_runs",
  `SELECT r.* FROM runs r JOIN unnest($2::text[], $3::bigint[]) AS held (id, epoch) ON held.id = r.id AND held.epoch = r.lease_epoch
   WHERE r.lease_runner_id = $1 AND r.status IN ('running', 'needs_recovery') AND r.lease_expires_at IS NOT NULL`,
);
