import type { Tx } from "./db.ts";
import { statement } from "./sql.ts";

/** An event for one webhook. */
export interface WebhookEventInput {
  readonly id: string;
  readonly webhook_id: string;
  readonly workspace_id: string;
  readonly event_id: string;
  readonly type: string;
  /** The same subject under the same type is sent to a webhook once, but for what somebody sends again. */
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly redelivery_of?: string | null;
}
export const webhookChannel = "takosumi_webhook";

const insert = statement(
  "webhook_events_insert",
  `WITH sent AS (
     INSERT INTO webhook_deliveries (id, webhook_id, workspace_id, event_id, type, subject, data, redelivery_of)
     SELECT id, webhook_id, workspace_id, event_id, type, subject, data, redelivery_of FROM jsonb_to_recordset($1::jsonb)
       AS g (id text, webhook_id text, workspace_id text, event_id text, type text, subject text, data jsonb, redelivery_of text)
     ON CONFLICT DO NOTHING RETURNING *
   )
   SELECT sent.*, pg_notify('${webhookChannel}', '') AS told FROM sent`,
);
/** Queues events in the transaction of what they tell of. Answers the deliveries that are new. */
export const queueEvents = async <Row extends object>(tx: Tx, events: readonly WebhookEventInput[]): Promise<Row[]> =>
  events.length === 0 ? [] : tx.query<Row>(insert, [JSON.stringify(events)]);
