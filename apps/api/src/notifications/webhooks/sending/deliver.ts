import { webhookChannel } from "@takosumi/db/webhook-events";
import type { PrivateHosts } from "@takosumi/reach/private-hosts";
import { backoffSeconds, mostAttempts } from "../../../outgoing/backoff.ts";
import { openWorker } from "../../../outgoing/worker.ts";
import type { Resources } from "../../../resources.ts";
import { openSecret } from "../secret.ts";
import { claimDeliveries, type DueDelivery, endDelivered, endFailed } from "./repository.ts";
import { post } from "./request.ts";
import { signed } from "./signature.ts";

type Needs = Pick<Resources, "db" | "keyring" | "log" | "settings">;
const atOnce = 8;
/** The longest that a webhook is left alone because it fails. */
const longestPause = 15 * 60;

/** Sends what webhooks are to be told, in the background, at least once and signed anew in every try. */
export const openDelivering = (resources: Needs, allowed: PrivateHosts): Promise<{ close(): Promise<void> }> =>
  openWorker<DueDelivery>(resources.db, {
    channel: webhookChannel,
    atOnce,
    claim: (most) => claimDeliveries(resources.db, most),
    send: (delivery) => sendOne(resources, allowed, delivery),
    onError: (err) => resources.log.warn({ err }, "webhooks could not be looked after: the next round tries again"),
  });

async function sendOne({ db, keyring, log, settings }: Needs, allowed: PrivateHosts, delivery: DueDelivery): Promise<void> {
  const secret = await openSecret({ keyring }, delivery);
  const body = bodyOf(delivery, settings.public_url);
  const headers = {
    "user-agent": `Takosumi/${settings.version}`,
    "x-takosumi-event": delivery.type,
    "x-takosumi-delivery": delivery.id,
    ...signed(secret, body),
  };
  const tried = await post(delivery.url, allowed, headers, body);
  const about = {
    delivery_id: delivery.id,
    webhook_id: delivery.webhook_id,
    workspace_id: delivery.workspace_id,
    attempts: delivery.attempts,
  };
  if (tried.error === null) {
    await endDelivered(db, delivery, tried);
    return log.debug({ ...about, status: tried.status }, "a webhook was told");
  }
  const wait = backoffSeconds(delivery.attempts);
  await endFailed(db, delivery, tried, delivery.attempts >= mostAttempts ? null : wait, Math.min(wait, longestPause));
  log.info({ ...about, failure: tried.error }, "a webhook could not be told");
}

/** The same bytes in every try of a delivery. */
const bodyOf = ({ event_id, type, occurred_at, workspace_id, data }: DueDelivery, publicUrl: string): string =>
  JSON.stringify({
    id: event_id,
    type,
    created_at: occurred_at.toISOString(),
    space_id: workspace_id,
    url: typeof data.run_id === "string" ? `${publicUrl}/console/runs/${data.run_id}` : null,
    data,
  });
