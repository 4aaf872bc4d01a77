import { ApiError } from "@takosumi/contracts/errors";
import { oauthClients } from "@takosumi/contracts/identity/oauth-clients";
import type { OauthClientRow } from "@takosumi/db/rows";
import { changed, refuseEmpty } from "../../deploy/patched.ts";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { homeOf } from "../oauth-server/repository.ts";
import { listClients, lockClient, updateClient } from "./repository.ts";
import { register, registrationOf, revoke, type Shown } from "./service.ts";

export const oauthClientHandlers = ({ db, engine, settings }: Pick<Resources, "db" | "engine" | "settings">) => {
  const chainOf = async (userId: string) => ({ workspace_id: await homeOf(db, userId) });
  return implement(oauthClients, {
    list: async ({ input, principal }) => {
      const rows = await listClients(db, principal.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { clients: page.rows.map(shownClient), next_cursor: page.next_cursor };
    },
    create: async ({ input, principal, write }) => {
      const home = await chainOf(principal.id);
      let shown: Shown | undefined;
      const row = await write(
        async (tx) => {
          const made = await register(tx, principal.id, input);
          shown = made.shown;
          return made.row;
        },
        ({ id, name }) => ({ ...home, target: target(id), metadata: { name, scopes: input.scope, grant_types: input.grant_types } }),
      );
      return registrationOf(row, shown as Shown, settings.public_url);
    },
    update: async ({ input: { clientId: _, ...given }, oauth_client: before, principal, write }) => {
      refuseEmpty(given, ["client_name", "redirect_uris", "client_uri", "logo_uri", "policy_uri", "tos_uri", "scope"]);
      const row = await write(
        async (tx) => {
          const held = await lockClient(tx, before.id);
          if (!held) throw gone();
          const kept = (name: "client_uri" | "logo_uri" | "policy_uri" | "tos_uri") =>
            given[name] === undefined ? held[name] : given[name];
          return updateClient(tx, {
            ...held,
            name: given.client_name ?? held.name,
            redirect_uris: given.redirect_uris ?? held.redirect_uris,
            client_uri: kept("client_uri"),
            logo_uri: kept("logo_uri"),
            policy_uri: kept("policy_uri"),
            tos_uri: kept("tos_uri"),
            scopes: given.scope ?? held.scopes,
          });
        },
        { ...(await chainOf(principal.id)), target: target(before.id), metadata: { fields: changed(given) } },
      );
      return { id: row.id, ...shownClient(row) };
    },
    remove: async ({ oauth_client: { id, name }, principal, from, write }) => {
      await write((tx) => revoke(tx, engine, id, { actor: actorOf(principal), from }), {
        ...(await chainOf(principal.id)),
        target: target(id),
        metadata: { name },
      });
      return { success: true as const };
    },
  });
};

const target = (id: string) => ({ type: "oauth_client", id });
const gone = () => new ApiError("CONFLICT", "This client was revoked: register another one", { reason: "terminal" });

const shownClient = (row: OauthClientRow) => ({
  client_id: row.id,
  name: row.name,
  description: row.description,
  logo_uri: row.logo_uri,
  client_uri: row.client_uri,
  redirect_uris: [...row.redirect_uris],
  allowed_scopes: [...row.scopes],
  client_type: row.auth_method === "none" ? ("public" as const) : ("confidential" as const),
  status: row.status,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});
