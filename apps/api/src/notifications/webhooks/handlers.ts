import { ApiError } from "@takosumi/contracts/errors";
import { newId, prefixes } from "@takosumi/contracts/ids";
import type { WebhookEvent } from "@takosumi/contracts/notifications/types";
import { webhooks } from "@takosumi/contracts/notifications/webhooks";
import type { WebhookDeliveryRow, WebhookRow } from "@takosumi/db/rows";
import { queueEvents, type WebhookEventInput } from "@takosumi/db/webhook-events";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import { implement, type Tx } from "../../world.ts";
import { deleteWebhook, insertWebhook, listDeliveries, listWebhooks, mostWebhooks, resumeWebhook, updateWebhook } from "./repository.ts";
import { newSecret } from "./secret.ts";
import { shownDelivery, shownWebhook } from "./shown.ts";
import { refusePrivate } from "./target.ts";

export const webhookHandlers = ({ db, keyring, settings }: Pick<Resources, "db" | "keyring" | "settings">) =>
  implement(webhooks, {
    list: async ({ input, workspace }) => {
      const rows = await listWebhooks(db, workspace.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { webhooks: page.rows.map(shownWebhook), next_cursor: page.next_cursor };
    },
    create: async ({ input: { url, events, active }, workspace, principal, write }) => {
      refusePrivate(url, settings.webhook_hosts);
      const id = newId(prefixes.webhook);
      const { secret, sealed } = await newSecret({ keyring }, workspace.id, id);
      const { id: by, name } = actorOf(principal);
      const row = { id, workspace_id: workspace.id, url, events, active, secret: sealed, created_by: { id: by, name } };
      const made = await write(async (tx) => {
        const inserted = await insertWebhook(tx, row);
        if (inserted) return inserted;
        throw new ApiError("CONFLICT", `A space has at most ${mostWebhooks} webhooks: remove one first`, { reason: "limit" });
      }, factsOf);
      return { webhook: shownWebhook(made), secret };
    },
    read: ({ webhook }) => ({ webhook: shownWebhook(webhook) }),
    update: async ({ input, webhook, write }) => {
      if (input.url !== undefined) refusePrivate(input.url, settings.webhook_hosts);
      return { webhook: shownWebhook(await write((tx) => updateWebhook(tx, webhook.id, input), factsOf)) };
    },
    remove: async ({ webhook, write }) => {
      await write((tx) => deleteWebhook(tx, webhook.id), factsOf);
    },
    rotate: async ({ webhook, write }) => {
      const { secret, sealed } = await newSecret({ keyring }, webhook.workspace_id, webhook.id);
      return { webhook: shownWebhook(await write((tx) => updateWebhook(tx, webhook.id, { secret: sealed }))), secret };
    },
    ping: async ({ webhook, write }) => {
      const event = { event_id: newId(prefixes.event), type: "ping", subject: newId(prefixes.event), data: { title: "This is a test" } };
      return { delivery: shownDelivery(await write((tx) => send(tx, webhook, event))) };
    },
    deliveries: async ({ input, webhook }) => {
      const rows = await listDeliveries(db, webhook.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { deliveries: page.rows.map(shownDelivery), next_cursor: page.next_cursor };
    },
    redeliver: async ({ webhook, webhook_delivery: { id, event_id, type, subject, data }, write }) => {
      const event = { event_id, type, subject, data, redelivery_of: id };
      return { delivery: shownDelivery(await write((tx) => send(tx, webhook, event), { metadata: { redelivery_of: id, type } })) };
    },
  });

/** What somebody asks for is tried at once, also where the webhook is left alone since it failed. */
async function send(tx: Tx, webhook: WebhookRow, event: Omit<WebhookEventInput, "id" | "webhook_id" | "workspace_id">) {
  if (!webhook.active) throw new ApiError("CONFLICT", "The webhook is switched off: switch it on first", { reason: "inactive" });
  await resumeWebhook(tx, webhook.id);
  const row = { ...event, id: newId(prefixes.webhook_delivery), webhook_id: webhook.id, workspace_id: webhook.workspace_id };
  const [delivery] = await queueEvents<WebhookDeliveryRow>(tx, [row]);
  return delivery as WebhookDeliveryRow;
}

/** The URL may hold a secret in its path: the audit names the host alone. */
const factsOf = ({ url, events, active }: WebhookRow) => ({
  metadata: { host: new URL(url).host, events: [...(events as WebhookEvent[])], active },
});
