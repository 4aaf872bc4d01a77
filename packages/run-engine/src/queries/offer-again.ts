import { statement } from "@takosumi/db/sql";

/**
 * A lease whose runner says that it does not know of it: the answer to its claim was lost. It showed no sign of life, neither an event
 * nor a renewal (the heartbeat is still the moment of the claim, from which the deadline was counted), so nothing was begun. The epoch
 * rises all the same: whoever got that answer after all is out.
 * $1 runner, $2 lease seconds, $3 Runs that it holds, $4 seconds without a sign of life. Plan: runs_lease_idx, which holds what runs now.
 */
export const offerAgain = statement(
  "offer_again",
  `WITH unheard AS (
     SELECT id FROM runs
     WHERE status = 'running' AND lease_runner_id = $1 AND NOT id = ANY ($3::text[]) AND runner_sequence = 0
       AND heartbeat_at = deadline_at - timeout_seconds * interval '1 second' AND heartbeat_at < now() - $4 * interval '1 second'
     ORDER BY lease_expires_at LIMIT 1
     FOR UPDATE SKIP LOCKED
   )
   UPDATE runs r SET lease_epoch = r.lease_epoch + 1, heartbeat_at = now(), lease_expires_at = now() + $2 * interval '1 second',
     deadline_at = now() + r.timeout_seconds * interval '1 second', updated_at = now()
   FROM unheard WHERE r.id = unheard.id
   RETURNING r.*`,
);
