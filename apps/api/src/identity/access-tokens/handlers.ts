import { accessTokens } from "@takosumi/contracts/identity/access-tokens";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { spaceOf } from "../account/repository.ts";
import { insertToken, listTokens, revokeToken } from "./repository.ts";
import { expiryOf, newToken, shownToken } from "./service.ts";

export const accessTokenHandlers = ({ db }: Pick<Resources, "db">) =>
  implement(accessTokens, {
    list: async ({ input, principal }) => {
      const rows = await listTokens(db, principal.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { tokens: page.rows.map(shownToken), next_cursor: page.next_cursor };
    },
    create: async ({ input: { name, scopes, expiresAt }, principal, write }) => {
      const { token, row } = newToken(principal, principal.id, null, { name, scopes, expires_at: expiryOf(expiresAt, "expiresAt") });
      const own = await spaceOf(db, principal.id);
      const about = { workspace_id: own?.id ?? null, metadata: { name, scopes } };
      return { ...shownToken(await write((tx) => insertToken(tx, row), about)), token };
    },
    remove: async ({ token: { id, name }, write }) => {
      await write((tx) => revokeToken(tx, id), { metadata: { name } });
      return { success: true };
    },
  });
