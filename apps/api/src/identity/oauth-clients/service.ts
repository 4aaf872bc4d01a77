import type { Actor } from "@takosumi/contracts/deploy/run";
import { ApiError } from "@takosumi/contracts/errors";
import type { ClientMetadata, Registration } from "@takosumi/contracts/identity/client-metadata";
import { newId, prefixes } from "@takosumi/contracts/ids";
import type { OauthClientRow } from "@takosumi/db/rows";
import { hashToken, mintToken } from "@takosumi/keyring/tokens";
import type { Engine } from "@takosumi/run-engine/engine";
import type { Origin } from "@takosumi/transport/application";
import { endService } from "../../tenancy/space-members/service.ts";
import type { Tx } from "../../world.ts";
import {
  countClients,
  deleteService,
  endRedeemable,
  insertClient,
  insertService,
  lockClient,
  revokeClient,
  updateClient,
} from "./repository.ts";

/** Of one person, so that a program gone wild fills nothing. */
const mostClients = 500;

/** What is shown once: the client's secret, where it has one, and the token that manages its registration. */
export interface Shown {
  readonly secret: string | null;
  readonly management: string;
}
const secretOf = (method: string): string | null => (method === "none" ? null : mintToken(""));
const columnsOf = (given: ClientMetadata) => ({
  name: given.client_name,
  redirect_uris: given.redirect_uris,
  client_uri: given.client_uri ?? null,
  logo_uri: given.logo_uri ?? null,
  policy_uri: given.policy_uri ?? null,
  tos_uri: given.tos_uri ?? null,
  scopes: given.scope,
  grant_types: given.grant_types,
  auth_method: given.token_endpoint_auth_method,
});
/** Who the client is by itself; null where it asks for no such tokens. */
async function serviceOf(tx: Tx, id: string, given: ClientMetadata, known: string | null): Promise<string | null> {
  if (!given.grant_types.includes("client_credentials")) return null;
  if (known !== null) return known;
  const service = newId(prefixes.user);
  await insertService(tx, service, id, given.client_name);
  return service;
}

/** A new client of somebody. */
export async function register(
  tx: Tx,
  ownerId: string,
  given: ClientMetadata,
): Promise<{ readonly row: OauthClientRow; readonly shown: Shown }> {
  if ((await countClients(tx, ownerId)) >= mostClients)
    throw new ApiError("CONFLICT", `You have ${mostClients} clients: revoke some before you register more`, { reason: "limit" });
  const id = newId(prefixes.oauth_client);
  const shown: Shown = { secret: secretOf(given.token_endpoint_auth_method), management: mintToken("tak_reg_") };
  const row = await insertClient(tx, {
    id,
    owner_id: ownerId,
    service_id: await serviceOf(tx, id, given, null),
    ...columnsOf(given),
    secret_hash: shown.secret && hashToken(shown.secret),
    management_hash: hashToken(shown.management),
  });
  return { row, shown };
}

type Cancelling = Pick<Engine, "cancel">;
/** Who ends a client, and from where. */
export interface By {
  readonly actor: Actor;
  readonly from: Origin;
}
async function end(tx: Tx, engine: Cancelling, service: string, clientId: string, { actor, from }: By): Promise<void> {
  await endService(tx, engine, service, actor, from);
  await deleteService(tx, service, clientId);
}

/** The client, its tokens, and its service with all that it is a member of. */
export async function revoke(tx: Tx, engine: Cancelling, id: string, by: By): Promise<OauthClientRow> {
  const before = await lockClient(tx, id);
  const row = await revokeClient(tx, id);
  if (before?.service_id) await end(tx, engine, before.service_id, id, by);
  return row;
}

/**
 * The same client with other metadata: what is not given is gone. Its secret stays while it needs one; its management token is a new one.
 * Null where this token manages it no more.
 */
export async function replace(
  tx: Tx,
  engine: Cancelling,
  id: string,
  managementHash: string,
  given: ClientMetadata,
  by: By,
): Promise<{ readonly row: OauthClientRow; readonly shown: Shown } | null> {
  const before = await lockClient(tx, id);
  if (before?.management_hash !== managementHash) return null;
  const method = given.token_endpoint_auth_method;
  const secret = before.secret_hash === null ? secretOf(method) : null;
  const shown: Shown = { secret, management: mintToken("tak_reg_") };
  const kept = method === "none" ? null : before.secret_hash;
  const row = await updateClient(tx, {
    id,
    service_id: await serviceOf(tx, id, given, before.service_id),
    ...columnsOf(given),
    secret_hash: secret === null ? kept : hashToken(secret),
    management_hash: hashToken(shown.management),
  });
  // What was given to whoever knows the secret is nothing for whoever knows only the name.
  if (before.secret_hash !== null && row.secret_hash === null) await endRedeemable(tx, id);
  if (before.service_id !== null && row.service_id === null) await end(tx, engine, before.service_id, id, by);
  return { row, shown };
}

/** A client as RFC 7591 answers it. */
export function registrationOf(row: OauthClientRow, { secret, management }: Shown, publicUrl: string): Registration {
  return {
    client_id: row.id,
    ...(secret !== null && { client_secret: secret, client_secret_expires_at: 0 as const }),
    client_id_issued_at: Math.floor(row.created_at.getTime() / 1_000),
    registration_access_token: management,
    registration_client_uri: `${publicUrl}/oauth/register/${row.id}`,
    client_name: row.name,
    redirect_uris: [...row.redirect_uris],
    grant_types: [...row.grant_types],
    response_types: row.grant_types.includes("authorization_code") ? ["code"] : [],
    token_endpoint_auth_method: row.auth_method,
    scope: row.scopes.join(" "),
    ...(row.client_uri !== null && { client_uri: row.client_uri }),
    ...(row.logo_uri !== null && { logo_uri: row.logo_uri }),
    ...(row.policy_uri !== null && { policy_uri: row.policy_uri }),
    ...(row.tos_uri !== null && { tos_uri: row.tos_uri }),
  };
}
