import { ApiError } from "@takosumi/contracts/errors";
import { oauthAccess, oauthEvents } from "@takosumi/contracts/identity/oauth-access";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { homeOf } from "../oauth-server/repository.ts";
import { type ListedConsent, listConsents, listLogs, removeConsent } from "./repository.ts";

const actions = oauthEvents.map((event) => `oauth.${event}`);

export const oauthAccessHandlers = ({ db }: Pick<Resources, "db">) =>
  implement(oauthAccess, {
    consents: async ({ input, principal }) => {
      const rows = await listConsents(db, principal.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { consents: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    revoke: async ({ input: { clientId }, principal, write }) => {
      const home = await homeOf(db, principal.id);
      await write(
        async (tx) => {
          const gone = await removeConsent(tx, principal.id, clientId);
          if (!gone) throw notGranted();
          return gone;
        },
        ({ scopes }) => ({ workspace_id: home, target: { type: "oauth_client", id: clientId }, metadata: { scopes } }),
      );
      return { success: true as const };
    },
    auditLogs: async ({ input: { limit, offset, client_id }, principal }) => {
      const home = await homeOf(db, principal.id);
      const rows = home === null ? [] : await listLogs(db, home, actions, client_id ?? null, limit, offset);
      return {
        logs: rows.map((row) => ({
          client_id: row.target_id,
          event_type: row.action.slice("oauth.".length) as (typeof oauthEvents)[number],
          ip_address: row.address,
          user_agent: row.user_agent,
          details: row.metadata,
          created_at: row.created_at.toISOString(),
        })),
      };
    },
  });

const message = "You have given this client no access";
const notGranted = () => new ApiError("NOT_FOUND", message, { fields: [{ path: "clientId", message }] });

const shown = ({ client_id, client_name, logo_uri, client_uri, scopes, granted_at, updated_at }: ListedConsent) => ({
  client_id,
  client_name,
  ...(logo_uri !== null && { client_logo: logo_uri }),
  ...(client_uri !== null && { client_uri }),
  scopes: [...scopes],
  granted_at: granted_at.toISOString(),
  updated_at: updated_at.toISOString(),
});
