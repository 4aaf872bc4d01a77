import type { Queries } from "@takosumi/db/db";
import { hashToken } from "@takosumi/keyring/tokens";
import { type Adapter, type AdapterPayload, errors, Provider } from "oidc-provider";
import type { Resources } from "../../resources.ts";
import type { Db } from "../../world.ts";
import { clientMetadataOf } from "../oauth-clients/library-metadata.ts";
import { findActiveClient } from "../oauth-clients/repository.ts";
import { askedOf } from "./asked.ts";
import { refuseGuesses } from "./client-failures.ts";
import { record } from "./record.ts";
import { consumeArtifact, findArtifact, findGrant, insertArtifact, removeArtifact, removeGrant } from "./repository.ts";

const epoch = (at: Date) => Math.floor(at.getTime() / 1_000);
const nothing = async () => undefined;
/** Ours is the only session there is, and the library is run again rather than resumed: neither is kept. */
const forgetful: Adapter = {
  upsert: nothing,
  find: nothing,
  findByUid: nothing,
  findByUserCode: nothing,
  consume: nothing,
  destroy: nothing,
  revokeByGrantId: nothing,
};
const access = "tak_oat_";
const isAccess = (kind: string) => kind === "AccessToken" || kind === "ClientCredentials";

/** Where the library keeps what it makes, by the name of the model. */
export const adapterOf =
  ({ db, settings }: Pick<Resources, "db" | "settings">) =>
  (name: string): Adapter => {
    if (name === "Client") return { ...forgetful, find: (id) => clientOf({ db, settings }, id) };
    if (name === "Grant") return { ...forgetful, find: (id) => grantOf(db, id), destroy: (id) => endFamily(db, id) };
    return kept.has(name) ? artifacts(db, name) : forgetful;
  };
const kept = new Set(["AccessToken", "ClientCredentials", "RefreshToken", "AuthorizationCode", "DeviceCode"]);

async function clientOf(resources: Pick<Resources, "db" | "settings">, id: string): Promise<AdapterPayload | undefined> {
  const row = /^[\x21-\x7e]{1,200}$/.test(id) ? await findActiveClient(resources.db, id) : null;
  await refuseGuesses(resources, row?.id);
  return row ? clientMetadataOf(row) : undefined;
}

async function grantOf(db: Db, id: string): Promise<AdapterPayload | undefined> {
  const row = await findGrant(db, id);
  if (!row) return undefined;
  return {
    kind: "Grant",
    jti: id,
    accountId: row.user_id,
    clientId: row.client_id,
    openid: { scope: row.scopes.join(" ") },
    exp: row.expires,
  };
}

/** Codes and tokens of one kind, found by their hash. What is stored tells nobody the token. */
function artifacts(db: Db, kind: string): Adapter {
  return {
    ...forgetful,
    async upsert(id, { jti: _token, grantId, userCode, clientId, ...payload }) {
      if (JSON.stringify(payload).includes("\\u0000")) throw new errors.InvalidRequest("a parameter holds the character U+0000");
      const row = {
        id: hashToken(id),
        kind,
        client_id: clientId ?? "",
        grant_id: grantId ?? null,
        user_code_hash: userCode === undefined ? null : hashToken(userCode),
        payload,
        expires: payload.exp ?? 0,
      };
      await issue(db, row, isAccess(kind) ? { account: payload.accountId, scope: payload.scope } : null);
    },
    async find(id) {
      // A token says by its beginning what it is: most look-ups of the other kinds need no query.
      if (id.startsWith(access) !== isAccess(kind)) return undefined;
      const row = await findArtifact(db, kind, hashToken(id));
      if (!row) return undefined;
      return {
        ...row.payload,
        jti: id,
        clientId: row.client_id,
        ...(row.grant_id !== null && { grantId: row.grant_id }),
        ...(row.consumed_at && { consumed: epoch(row.consumed_at) }),
      };
    },
    async consume(id) {
      const hash = hashToken(id);
      if (await consumeArtifact(db, kind, hash)) return;
      const spent = await findArtifact(db, kind, hash);
      if (spent?.grant_id) await endFamily(db, spent.grant_id);
      throw new errors.InvalidGrant("was used already");
    },
    async destroy(id) {
      await db.transaction(async (tx) => {
        const gone = await removeArtifact(tx, kind, hashToken(id));
        const owner = gone && Provider.ctx?.oidc.route === "revocation" && (await ownerOf(tx, gone));
        if (owner) await record(tx, here(), { event: "token_revoked", ...owner });
      });
    },
    revokeByGrantId: (grantId) => endFamily(db, grantId),
  };
}

type Issued = Parameters<typeof insertArtifact>[1];

/** An access token is recorded in the transaction that makes it. One whose family ended meanwhile is refused. */
async function issue(
  db: Db,
  row: Issued,
  access: { readonly account: string | undefined; readonly scope: string | undefined } | null,
): Promise<void> {
  try {
    if (!access) return void (await insertArtifact(db, row));
    const owner = access.account ?? (await ownerOf(db, row))?.user_id;
    const grant_type = Provider.ctx?.oidc.params?.grant_type;
    await db.transaction(async (tx) => {
      await insertArtifact(tx, row);
      if (owner === undefined) return;
      const event = grant_type === "refresh_token" ? "token_refreshed" : "token_issued";
      await record(tx, here(), { event, user_id: owner, client_id: row.client_id, details: { grant_type, scope: access.scope ?? "" } });
    });
  } catch (error) {
    if ((error as { code?: unknown }).code === "23503") throw new errors.InvalidGrant("the authorization has ended");
    throw error;
  }
}

async function endFamily(db: Db, grantId: string): Promise<undefined> {
  await db.transaction(async (tx) => {
    const gone = await removeGrant(tx, grantId);
    if (!gone) return;
    const reused = Provider.ctx?.oidc.route === "token";
    await record(tx, here(), { event: reused ? "token_reuse_detected" : "token_family_revoked", ...gone });
  });
}

/** Whose account something of a client is about: who granted it, else who owns the client. */
async function ownerOf(db: Queries, { client_id, grant_id }: Pick<Issued, "client_id" | "grant_id">) {
  if (grant_id !== null) {
    const grant = await findGrant(db, grant_id);
    return grant && { user_id: grant.user_id, client_id };
  }
  const client = await findActiveClient(db, client_id);
  return client && { user_id: client.owner_id, client_id };
}

const here = () => {
  const { ctx } = Provider;
  if (!ctx) throw new Error("The OAuth library called its adapter outside of a request");
  return askedOf(ctx).from;
};
