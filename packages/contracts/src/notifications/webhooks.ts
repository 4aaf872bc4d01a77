import { z } from "zod";
import { can } from "../access.ts";
import { del, family, get, patch, post } from "../define.ts";
import { json, nextCursor, nothing, opaqueId, paging, timestamp } from "../fields.ts";
import { deliveryExample, webhookExample } from "./examples/webhook.ts";
import { webhookEvents } from "./types.ts";

const WebhookEvent = z.enum(webhookEvents);
const url = z
  .url({ protocol: /^https?$/, error: "is not a URL that begins with https:// or http://" })
  .max(2_048)
  .refine((text) => !URL.canParse(text) || (new URL(text).username === "" && new URL(text).password === ""), {
    error: "may not hold a user or password: the signature says who sends",
  });
const subscribed = z
  .array(WebhookEvent)
  .min(1)
  .max(webhookEvents.length)
  .transform((events) => [...new Set(events)].toSorted());

/** Everything that is ever said about a webhook after it was made; never its secret. */
const Webhook = z
  .object({
    id: opaqueId,
    space_id: opaqueId,
    url: z.string(),
    events: z.array(WebhookEvent),
    active: z.boolean(),
    /** Deliveries that failed since the last one that arrived; it is left alone until `paused_until` then. */
    failures: z.int(),
    paused_until: timestamp.nullable(),
    created_by: z.object({ id: z.string(), name: z.string() }),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: "Webhook", examples: [webhookExample] });
const WebhookDelivery = z
  .object({
    id: opaqueId,
    webhook_id: opaqueId,
    /** The same in every try and every re-send of one event. */
    event_id: opaqueId,
    type: z.enum([...webhookEvents, "ping"]),
    state: z.enum(["waiting", "delivered", "dead"]),
    attempts: z.int(),
    response_status: z.int().nullable(),
    duration_ms: z.int().nullable(),
    error: z.string().nullable(),
    redelivery_of: opaqueId.nullable(),
    data: z.record(z.string(), json),
    created_at: timestamp,
    /** When it is tried next; null once it is over. */
    due_at: timestamp.nullable(),
    ended_at: timestamp.nullable(),
  })
  .meta({ id: "WebhookDelivery", examples: [deliveryExample] });

const inSpace = { workspace: "spaceId" } as const;
const one = { workspace: "spaceId", webhook: "webhookId" } as const;
const oneWebhook = z.object({ webhook: Webhook });
const withSecret = z.object({ webhook: Webhook, secret: z.string().meta({ examples: ["whsec_shown-this-once"] }) });
const oneDelivery = z.object({ delivery: WebhookDelivery });

const signature = `Each request is a POST of JSON \`{id, type, created_at, space_id, url, data}\`. \`X-Takosumi-Signature\` is \`sha256=\` and the hex
HMAC-SHA256, under the webhook's secret, of \`X-Takosumi-Timestamp\` (seconds), a full stop and the body. Any answer of 2xx within 10 s is right; redirects are not followed; everything else is tried again, for about two days.`;

export const webhooks = family(
  "webhooks",
  { context: "notifications", about: "Programs that are told over HTTP what happens to Runs of a space." },
  {
    list: get("/api/spaces/:spaceId/webhooks", {
      summary: "Webhooks of a space",
      access: can("webhook:write", inSpace),
      query: z.object(paging),
      output: z.object({ webhooks: z.array(Webhook), ...nextCursor }),
    }),
    create: post("/api/spaces/:spaceId/webhooks", {
      summary: "Add a webhook; its secret is shown this once",
      about: signature,
      access: can("webhook:write", inSpace),
      audit: "webhook.created",
      body: z.strictObject({ url, events: subscribed, active: z.boolean().default(true) }),
      examples: [{ summary: "Told of what waits and what failed", value: { url: webhookExample.url, events: webhookExample.events } }],
      output: withSecret,
      status: 201,
      errors: ["CONFLICT"],
    }),
    read: get("/api/spaces/:spaceId/webhooks/:webhookId", {
      summary: "One webhook",
      access: can("webhook:write", one),
      output: oneWebhook,
    }),
    update: patch("/api/spaces/:spaceId/webhooks/:webhookId", {
      summary: "Change where it goes or what it is told of, or switch it off or on",
      access: can("webhook:write", one),
      audit: "webhook.updated",
      body: z.strictObject({ url: url.optional(), events: subscribed.optional(), active: z.boolean().optional() }),
      examples: [{ summary: "Switch it off", value: { active: false } }],
      output: oneWebhook,
    }),
    remove: del("/api/spaces/:spaceId/webhooks/:webhookId", {
      summary: "Remove a webhook with its deliveries",
      access: can("webhook:write", one),
      audit: "webhook.removed",
      output: nothing,
      status: 204,
    }),
    rotate: post("/api/spaces/:spaceId/webhooks/:webhookId/rotate", {
      summary: "Give it another secret, shown this once; every try from now on is signed with it",
      access: can("webhook:write", one),
      audit: "webhook.rotated",
      output: withSecret,
    }),
    ping: post("/api/spaces/:spaceId/webhooks/:webhookId/ping", {
      summary: "Send an event of the type `ping`, to see that it arrives",
      access: can("webhook:write", one),
      audit: "webhook.pinged",
      output: oneDelivery,
      status: 201,
      errors: ["CONFLICT"],
    }),
    deliveries: get("/api/spaces/:spaceId/webhooks/:webhookId/deliveries", {
      summary: "What was sent or is to be, the newest first; kept for 30 days",
      access: can("webhook:write", one),
      query: z.object(paging),
      output: z.object({ deliveries: z.array(WebhookDelivery), ...nextCursor }),
    }),
    redeliver: post("/api/spaces/:spaceId/webhooks/:webhookId/deliveries/:deliveryId/redeliver", {
      summary: "Send an event again, as another delivery",
      access: can("webhook:write", { ...one, webhook_delivery: "deliveryId" }),
      audit: "webhook.redelivered",
      output: oneDelivery,
      status: 201,
      errors: ["CONFLICT"],
    }),
  },
);
