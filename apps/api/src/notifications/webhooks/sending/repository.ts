import type { Queries } from "@takosumi/db/db";
import type { WebhookDeliveryRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";

/** A delivery with what its webhook says. `attempts` counts this try: an older claim changes nothing. */
export interface DueDelivery
  extends Pick<WebhookDeliveryRow, "id" | "webhook_id" | "workspace_id" | "event_id" | "type" | "data" | "occurred_at" | "attempts"> {
  readonly url: string;
  /** Sealed. */
  readonly secret: string;
}

/** How long a webhook is its sender's: longer than a request may take. */
const leaseSeconds = 60;
/**
 * The oldest delivery that is due of each of at most $1 webhooks. A webhook is told one thing at a time: one that hangs delays its own
 * alone. Plan: webhook_deliveries_due_idx once a webhook; the lock lets events be queued meanwhile.
 */
const claim = statement(
  "webhook_claim",
  `WITH due AS (
     SELECT w.id AS webhook_id, w.url, w.secret, d.id FROM webhooks w CROSS JOIN LATERAL (
       SELECT id, due_at FROM webhook_deliveries WHERE webhook_id = w.id AND state = 'waiting' AND due_at <= now() ORDER BY due_at LIMIT 1
     ) d WHERE w.active AND (w.paused_until IS NULL OR w.paused_until <= now())
     ORDER BY d.due_at LIMIT $1 FOR NO KEY UPDATE OF w SKIP LOCKED
   ), held AS (
     UPDATE webhooks w SET paused_until = now() + interval '${leaseSeconds} seconds' FROM due WHERE w.id = due.webhook_id
   )
   UPDATE webhook_deliveries d SET attempts = d.attempts + 1, due_at = now() + interval '${leaseSeconds} seconds' FROM due
    WHERE d.id = due.id AND d.state = 'waiting' AND d.due_at <= now()
   RETURNING d.id, d.webhook_id, d.workspace_id, d.event_id, d.type, d.data, d.occurred_at, d.attempts, due.url, due.secret`,
);
export const claimDeliveries = (db: Queries, most: number) => db.query<DueDelivery>(claim, [most]);

/** What came of one try. */
export interface Tried {
  readonly status: number | null;
  readonly duration_ms: number;
  readonly error: string | null;
}
const delivered = statement(
  "webhook_delivered",
  `WITH d AS (
     UPDATE webhook_deliveries SET state = 'delivered', response_status = $3, duration_ms = $4, error = NULL, ended_at = now()
      WHERE id = $1 AND attempts = $2 AND state = 'waiting' RETURNING webhook_id
   )
   UPDATE webhooks SET failures = 0, paused_until = NULL WHERE id = (SELECT webhook_id FROM d) AND (failures > 0 OR paused_until IS NOT NULL)`,
);
export const endDelivered = (db: Queries, { id, attempts }: DueDelivery, { status, duration_ms }: Tried) =>
  db.query(delivered, [id, attempts, status, duration_ms]);

/** It is tried again in $6 seconds, or dead where that is null; its webhook is left alone for $7 seconds. */
const failed = statement(
  "webhook_failed",
  `WITH d AS (
     UPDATE webhook_deliveries SET response_status = $3, duration_ms = $4, error = $5, due_at = coalesce(now() + $6 * interval '1 second', due_at),
       state = CASE WHEN $6::float8 IS NULL THEN 'dead' ELSE state END, ended_at = CASE WHEN $6::float8 IS NULL THEN now() END
      WHERE id = $1 AND attempts = $2 AND state = 'waiting' RETURNING webhook_id
   )
   UPDATE webhooks SET failures = failures + 1, paused_until = now() + $7 * interval '1 second' WHERE id = (SELECT webhook_id FROM d)`,
);
export const endFailed = (db: Queries, { id, attempts }: DueDelivery, tried: Tried, again: number | null, pause: number) =>
  db.query(failed, [id, attempts, tried.status, tried.duration_ms, tried.error, again, pause]);
