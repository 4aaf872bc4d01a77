import type { WebhookEvent } from "@takosumi/contracts/notifications/types";
import type { WebhookDeliveryRow, WebhookRow } from "@takosumi/db/rows";

/** Never the secret. */
export const shownWebhook = (row: WebhookRow) => ({
  id: row.id,
  space_id: row.workspace_id,
  url: row.url,
  events: [...(row.events as WebhookEvent[])],
  active: row.active,
  failures: row.failures,
  // While one is sent it is held as well, which is nobody's business.
  paused_until: row.failures > 0 ? (row.paused_until?.toISOString() ?? null) : null,
  created_by: row.created_by,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

export const shownDelivery = (row: WebhookDeliveryRow) => ({
  id: row.id,
  webhook_id: row.webhook_id,
  event_id: row.event_id,
  type: row.type as WebhookEvent | "ping",
  state: row.state,
  attempts: row.attempts,
  response_status: row.response_status,
  duration_ms: row.duration_ms,
  error: row.error,
  redelivery_of: row.redelivery_of,
  data: { ...row.data },
  created_at: row.created_at.toISOString(),
  due_at: row.state === "waiting" ? row.due_at.toISOString() : null,
  ended_at: row.ended_at?.toISOString() ?? null,
});
