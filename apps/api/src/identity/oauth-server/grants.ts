import { newId, prefixes } from "@takosumi/contracts/ids";
import type { Grant, KoaContextWithOIDC } from "oidc-provider";
import type { Db } from "../../world.ts";
import { findConsent } from "../oauth-access/repository.ts";
import { insertGrant } from "./repository.ts";

/** A grant of one's own for every authorization, where the person's consent covers all that is asked; undefined where they must be asked. */
export async function freshGrant(db: Db, ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { client, session, params } = ctx.oidc;
  if (!client || !session?.accountId) return undefined;
  const consent = await findConsent(db, session.accountId, client.clientId);
  const asked = String(params?.scope ?? "").split(" ");
  if (!consent || !asked.every((scope) => (consent.scopes as readonly string[]).includes(scope))) return undefined;
  const id = newId(prefixes.oauth_grant);
  await insertGrant(db, id, consent.id, asked);
  return ctx.oidc.provider.Grant.find(id);
}
