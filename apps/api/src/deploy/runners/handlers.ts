import { runners } from "@takosumi/contracts/deploy/runners";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { type ListedRunner, listRunners } from "./repository.ts";

/** A runner not heard of for so long is offline: three renewals of a lease. */
const onlineSeconds = 30;

export const runnerHandlers = ({ db }: Pick<Resources, "db">) =>
  implement(runners, {
    list: async ({ input }) => {
      const rows = await listRunners(db, input.pool, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { runners: page.rows.map(shown), next_cursor: page.next_cursor };
    },
  });

const statusOf = ({ silent_for, draining }: ListedRunner) => (silent_for > onlineSeconds ? "offline" : draining ? "draining" : "online");

const shown = (runner: ListedRunner) => ({
  id: runner.id,
  name: runner.name,
  pool: runner.pool,
  version: runner.version,
  status: statusOf(runner),
  slots: { total: runner.slots, busy: runner.busy },
  tools: [...runner.tools],
  sandbox: { kind: runner.sandbox.kind, not_isolated: [...runner.sandbox.not_isolated] },
  registered_at: runner.registered_at.toISOString(),
  last_seen_at: runner.last_seen_at.toISOString(),
});
