import type { Actor } from "@takosumi/contracts/deploy/run";
import type { oauthEvents } from "@takosumi/contracts/identity/oauth-access";
import { appendAudit } from "@takosumi/db/audit";
import type { Origin } from "@takosumi/transport/application";
import type { Tx } from "../../world.ts";
import { homeOf } from "./repository.ts";

export interface OauthEvent {
  readonly event: (typeof oauthEvents)[number];
  /** Whose account it is about; for a client by itself, its owner. */
  readonly user_id: string;
  readonly client_id: string;
  /** Left out, the client did it. */
  readonly actor?: Actor;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Appends what happened to the chain of the person's own Workspace, in the transaction of what it records. */
export async function record(tx: Tx, { request_id, address, user_agent }: Origin, one: OauthEvent): Promise<void> {
  await appendAudit(tx, {
    workspace_id: await homeOf(tx, one.user_id),
    actor: one.actor ?? { id: one.client_id, kind: "service", name: one.client_id },
    action: `oauth.${one.event}`,
    target: { type: "oauth_client", id: one.client_id },
    metadata: one.details ?? {},
    request_id,
    address,
    user_agent,
  });
}
