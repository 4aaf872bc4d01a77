import { runnerTokens } from "@takosumi/contracts/deploy/runner-tokens";
import { newId, prefixes } from "@takosumi/contracts/ids";
import type { RunnerTokenRow } from "@takosumi/db/rows";
import { hashToken, mintToken } from "@takosumi/keyring/tokens";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { insertToken, listTokens, revokeToken } from "./repository.ts";

export const runnerTokenHandlers = ({ db }: Pick<Resources, "db">) =>
  implement(runnerTokens, {
    list: async ({ input, runner_pool: pool }) => {
      const rows = await listTokens(db, pool.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { runner_tokens: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    create: async ({ input: { name }, runner_pool: pool, principal, write }) => {
      const token = mintToken("tak_run_");
      const { id: by, name: called } = actorOf(principal);
      const row = {
        id: newId(prefixes.runner_token),
        pool: pool.id,
        name,
        token_hash: hashToken(token),
        created_by: { id: by, name: called },
      };
      return { runner_token: shown(await write((tx) => insertToken(tx, row), { metadata: { name, pool: pool.name } })), token };
    },
    remove: async ({ runner_token: { id, name, pool }, write }) => {
      await write((tx) => revokeToken(tx, id), { metadata: { name, pool_id: pool } });
    },
  });

/** Never the token, nor its hash. */
const shown = ({ id, pool, name, created_by, created_at, revoked_at }: RunnerTokenRow) => ({
  id,
  pool_id: pool,
  name,
  created_by,
  created_at: created_at.toISOString(),
  revoked_at: revoked_at?.toISOString() ?? null,
});
