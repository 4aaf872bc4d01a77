import { runnerPools } from "@takosumi/contracts/deploy/runner-pools";
import { ApiError } from "@takosumi/contracts/errors";
import { newId, prefixes } from "@takosumi/contracts/ids";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { insertPool, type ListedPool, listPools } from "./repository.ts";

export const runnerPoolHandlers = ({ db, engine }: Pick<Resources, "db" | "engine">) =>
  implement(runnerPools, {
    list: async ({ input, workspace }) => {
      const { onlineSeconds } = engine.settings;
      const rows = await listPools(db, workspace.id, afterCursor(input.cursor), fetchLimit(input.limit), onlineSeconds);
      const page = paged(rows, input.limit, ({ id }) => id);
      return { runner_pools: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    create: async ({ input: { name }, workspace, write }) => {
      const made = await write(
        async (tx) => (await insertPool(tx, newId(prefixes.runner_pool), workspace.id, name)) ?? Promise.reject(nameTaken(name)),
        { metadata: { name } },
      );
      return { runner_pool: shown({ ...made, total: 0, online: 0 }) };
    },
  });

const shown = ({ id, workspace_id, name, total, online, created_at }: ListedPool) => ({
  id,
  workspace_id,
  name,
  runners: { online, total },
  created_at: created_at.toISOString(),
});

const nameTaken = (name: string) =>
  new ApiError("CONFLICT", `name: ${name} is the name of another pool of this Workspace`, {
    reason: "name_taken",
    fields: [{ path: "name", message: `${name} is taken in this Workspace` }],
  });
