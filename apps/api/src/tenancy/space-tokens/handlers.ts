import { spaceTokens } from "@takosumi/contracts/tenancy/space-tokens";
import { expiryOf } from "../../identity/access-tokens/service.ts";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { listSpaceTokens } from "./repository.ts";
import { createSpaceToken, prepareSpaceToken, revokeSpaceToken, shownSpaceToken } from "./service.ts";

export const spaceTokenHandlers = ({ db }: Pick<Resources, "db">) =>
  implement(spaceTokens, {
    list: async ({ input, workspace }) => {
      const rows = await listSpaceTokens(db, workspace.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { tokens: page.rows.map(shownSpaceToken), next_cursor: page.next_cursor };
    },
    create: async ({ input: { name, role: wanted, scopes, expires_at }, workspace, role, principal, write }) => {
      const prepared = prepareSpaceToken(principal, role, workspace.id, {
        name,
        role: wanted,
        scopes,
        expires_at: expiryOf(expires_at, "expires_at"),
      });
      const made = await write((tx) => createSpaceToken(tx, prepared, workspace.id, wanted), { metadata: { name, role: wanted, scopes } });
      return { space_token: shownSpaceToken(made), token: prepared.token };
    },
    remove: async ({ space_token: token, write }) => {
      await write((tx) => revokeSpaceToken(tx, token), { metadata: { name: token.name, role: token.role } });
      return { success: true };
    },
  });
