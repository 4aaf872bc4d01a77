import { statement } from "@takosumi/db/sql";

/** The Run of a lease, whoever holds it now. $1 run. */
export const leasedRun = statement("leased_run", `SELECT * FROM runs WHERE id = $1`);

/** A sign of life of a runner that holds this lease, as a renewal is one. $1 run, $2 epoch, $3 runner. No row: it does not. */
export const heardOf = statement(
  "lease_heard_of",
  `UPDATE runs SET heartbeat_at = now() WHERE id = $1 AND lease_epoch = $2 AND lease_runner_id = $3 AND status IN ('running', 'needs_recovery') RETURNING *`,
);

/** The Runs that a runner says it holds, those of them that it does. $1 runner, $2 run ids, $3 epochs. Plan: primary key per id. */
export const heldRuns = statement(
  "held_runs",
  `SELECT r.* FROM runs r JOIN unnest($2::text[], $3::bigint[]) AS held (id, epoch) ON held.id = r.id AND held.epoch = r.lease_epoch
   WHERE r.lease_runner_id = $1 AND r.status IN ('running', 'needs_recovery')`,
);
