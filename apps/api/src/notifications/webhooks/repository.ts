import type { Queries } from "@takosumi/db/db";
import type { WebhookDeliveryRow, WebhookRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { locatorOf } from "../../tenancy/membership/repository.ts";
import type { Db, Locator, Tx } from "../../world.ts";

const findWebhook = locatorOf("webhook", "webhooks");
/** Of the space that was located before it. */
export const locateWebhook: Locator<"webhook"> = async (db, id, reader, within) => {
  const found = await findWebhook(db, id, reader, within);
  return found && found.row.workspace_id === within.workspace?.id ? found : null;
};
const findDelivery = locatorOf("webhook_delivery", "webhook_deliveries");
/** Of the webhook that was located before it. */
export const locateDelivery: Locator<"webhook_delivery"> = async (db, id, reader, within) => {
  const found = await findDelivery(db, id, reader, within);
  return found && found.row.webhook_id === within.webhook?.id ? found : null;
};

// Plan: webhooks_page_idx from the cursor on.
const page = statement("webhooks_page", `SELECT * FROM webhooks WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3`);
export const listWebhooks = (db: Db, workspaceId: string, after: string | null, take: number): Promise<WebhookRow[]> =>
  db.query<WebhookRow>(page, [workspaceId, after ?? "", take]);

/** How many a space may have. */
export const mostWebhooks = 50;
/** Two at once are counted one after the other. */
const hold = statement("webhook_space_hold", `SELECT id FROM workspaces WHERE id = $1 FOR NO KEY UPDATE`);
const insert = statement(
  "webhook_insert",
  `INSERT INTO webhooks (id, workspace_id, url, events, active, secret, created_by)
   SELECT $1, $2, $3, $4, $5, $6, $7::jsonb WHERE (SELECT count(*) FROM webhooks w WHERE w.workspace_id = $2) < ${mostWebhooks}
   RETURNING *`,
);
/** Null where the space has as many as it may. */
export async function insertWebhook(
  tx: Tx,
  row: Pick<WebhookRow, "id" | "workspace_id" | "url" | "events" | "active" | "secret" | "created_by">,
): Promise<WebhookRow | null> {
  await tx.query(hold, [row.workspace_id]);
  const { id, workspace_id, url, events, active, secret, created_by } = row;
  return tx.one<WebhookRow>(insert, [id, workspace_id, url, events, active, secret, JSON.stringify(created_by)]);
}

/** A webhook that was changed is no longer left alone. $2 url, $3 events, $4 active, $5 sealed secret; null leaves as it is. */
const update = statement(
  "webhook_update",
  `UPDATE webhooks SET url = coalesce($2, url), events = coalesce($3, events), active = coalesce($4, active), secret = coalesce($5, secret),
     failures = 0, paused_until = NULL, updated_at = now() WHERE id = $1 RETURNING *`,
);
interface WebhookChange {
  readonly url?: string | undefined;
  readonly events?: readonly string[] | undefined;
  readonly active?: boolean | undefined;
  readonly secret?: string;
}
export const updateWebhook = async (tx: Tx, id: string, { url, events, active, secret }: WebhookChange): Promise<WebhookRow> =>
  (await tx.one<WebhookRow>(update, [id, url ?? null, events ?? null, active ?? null, secret ?? null])) as WebhookRow;

const resume = statement("webhook_resume", `UPDATE webhooks SET paused_until = NULL WHERE id = $1`);
/** Tries a webhook again that is left alone since it failed. */
export const resumeWebhook = (tx: Tx, id: string) => tx.query(resume, [id]);

const remove = statement("webhook_delete", `DELETE FROM webhooks WHERE id = $1 RETURNING *`);
export const deleteWebhook = async (tx: Tx, id: string): Promise<WebhookRow> => (await tx.one<WebhookRow>(remove, [id])) as WebhookRow;

const deliveries = (name: string, below: string) =>
  statement(name, `SELECT * FROM webhook_deliveries WHERE webhook_id = $1 ${below} ORDER BY id DESC LIMIT $2`);
// Plan: webhook_deliveries_page_idx, backwards from the cursor.
const first = deliveries("webhook_deliveries_first", "");
const next = deliveries("webhook_deliveries_next", "AND id < $3");
/** Newest first. */
export const listDeliveries = (db: Db, webhookId: string, before: string | null, take: number): Promise<WebhookDeliveryRow[]> =>
  before === null ? db.query<WebhookDeliveryRow>(first, [webhookId, take]) : db.query<WebhookDeliveryRow>(next, [webhookId, take, before]);

/** A batch of what is 30 days old. Plan: webhook_deliveries_created_idx. */
const forget = statement(
  "webhook_deliveries_forget",
  `DELETE FROM webhook_deliveries WHERE id IN
     (SELECT id FROM webhook_deliveries WHERE created_at < now() - interval '30 days' ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)`,
);
export const forgetDeliveries = (db: Queries, most: number) => db.query(forget, [most]);
