import type { Tx } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

/** A Run takes its Capsule. $1 Capsule, $2 Run, $3 reason. No row: it is held. */
const take = statement(
  "capsule_take",
  `UPDATE capsules SET lock_run_id = $2, lock_reason = $3, locked_at = now() WHERE id = $1 AND lock_run_id IS NULL AND lock_actor IS NULL RETURNING id`,
);
/** A Run that ended lets its Capsule go; a queued plan of it may be next. $1 Capsule, $2 Run. */
const release = statement(
  "capsule_release",
  `WITH freed AS (
     UPDATE capsules SET lock_run_id = NULL, lock_reason = CASE WHEN lock_actor IS NULL THEN NULL ELSE lock_reason END,
       locked_at = CASE WHEN lock_actor IS NULL THEN NULL ELSE locked_at END
     WHERE id = $1 AND lock_run_id = $2 RETURNING id
   )
   SELECT pg_notify('takosumi_queue', r.pool) AS told FROM runs r JOIN freed ON freed.id = r.capsule_id WHERE r.status = 'queued' LIMIT 10`,
);

export const takeCapsule = async (tx: Tx, capsule: string, run: string, kind: string): Promise<boolean> =>
  (await tx.one(take, [capsule, run, kind === "destroy" ? "a destroy is in progress" : "an apply is in progress"])) !== null;
export const releaseCapsule = (tx: Tx, capsule: string, run: string): Promise<object[]> => tx.query(release, [capsule, run]);
