import { type Runner, runners } from "@takosumi/contracts/deploy/runners";
import type { z } from "zod";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { type ListedRunner, listRunners, runnerListed } from "./repository.ts";

export const runnerHandlers = ({ db, engine }: Pick<Resources, "db" | "engine">) =>
  implement(runners, {
    list: async ({ input, workspace }) => {
      const rows = await listRunners(db, workspace.id, input.pool, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { runners: page.rows.map((row) => shown(row, engine.settings.onlineSeconds)), next_cursor: page.next_cursor };
    },
    drain: async ({ input: { draining }, runner, write }) => {
      const drained = await write(
        async (tx) => {
          await engine.drainRunner(tx, runner.id, draining);
          return runnerListed(tx, runner.id);
        },
        (row) => ({ metadata: { draining, name: row.name, pool: row.pool_name } }),
      );
      return { runner: shown(drained, engine.settings.onlineSeconds) };
    },
  });

type Shown = z.infer<typeof Runner>;

/** Online as the queue means it: heard of within `onlineSeconds`. */
const statusOf = ({ silent_for, draining }: ListedRunner, onlineSeconds: number): Shown["status"] =>
  silent_for > onlineSeconds ? "offline" : draining ? "draining" : "online";

const shown = (runner: ListedRunner, onlineSeconds: number): Shown => ({
  id: runner.id,
  name: runner.name,
  pool: runner.pool_name,
  pool_id: runner.pool,
  workspace_id: runner.workspace_id,
  version: runner.version,
  status: statusOf(runner, onlineSeconds),
  slots: { total: runner.slots, busy: runner.busy },
  tools: [...runner.tools],
  sandbox: { kind: runner.sandbox.kind, not_isolated: [...runner.sandbox.not_isolated] },
  registered_at: runner.registered_at.toISOString(),
  last_seen_at: runner.last_seen_at.toISOString(),
});
