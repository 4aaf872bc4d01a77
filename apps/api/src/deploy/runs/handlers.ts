import { runs } from "@takosumi/contracts/deploy/runs";
import type { RunRow } from "@takosumi/db/rows";
import { actorOf } from "../../pipeline/actor.ts";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { listRuns } from "./repository.ts";
import { preparePlan, prepareRetry, refuseDestroy, refuseOtherKind, view, viewAll } from "./service.ts";

export const runHandlers = ({ db, engine }: Pick<Resources, "db" | "engine">) => {
  const used = { db, engine };
  return implement(runs, {
    create: async ({ input, capsule, run: plan, principal, write, may }) => {
      if (capsule) {
        const prepared = await preparePlan(used, capsule, principal, input);
        return { run: await view(used, await write((tx) => engine.createPlan(tx, prepared), about), may) };
      }
      refuseOtherKind(plan, input.kind === "destroy" ? "destroy" : "apply");
      const waiting = await write((tx) => engine.createWrite(tx, plan, actorOf(principal), input.message ?? null, null), about);
      return { run: await view(used, waiting, may) };
    },
    list: async ({ input, capsule, project, workspace, principal, may }) => {
      const filter = { status: input.status, kind: input.kind, actor_id: input.actor_id, waiting: input.needs === "me" };
      const scope = (capsule ?? project)?.workspace_id ?? workspace?.id ?? principal.id;
      const rows = await listRuns(db, {
        ...filter,
        workspace_id: scope,
        capsule_id: capsule?.id,
        project_id: project?.id,
        before: afterCursor(input.cursor),
        take: fetchLimit(input.limit),
      });
      const page = paged(rows, input.limit, ({ id }) => id);
      return { runs: await viewAll(used, page.rows, may), next_cursor: page.next_cursor };
    },
    read: async ({ run, may }) => ({ run: await view(used, run, may) }),
    logs: ({ run, input }) => engine.readLog(run, input.offset, input.limit),
    approve: async ({ run, input, principal, write, may }) => {
      refuseDestroy(run, may);
      const approving = { actor: actorOf(principal), plan_digest: input.plan_digest, message: input.message ?? null };
      const queued = await write(
        (tx) => engine.approve(tx, run, approving),
        (row) => ({ metadata: { plan_run_id: row.plan_run_id, plan_digest: run.plan_digest } }),
      );
      return { run: await view(used, queued, may) };
    },
    discard: async ({ run, input, write, may }) => ({
      run: await view(used, await write((tx) => engine.discard(tx, run, input.message ?? null)), may),
    }),
    cancel: async ({ run, input, principal, write, may }) => ({
      run: await view(used, await write((tx) => engine.cancel(tx, run, actorOf(principal), input.message ?? null)), may),
    }),
    retry: async ({ run, input, principal, write, may }) => {
      if (run.kind !== "plan") {
        const again = await write((tx) => engine.retryWrite(tx, run, actorOf(principal), input.message ?? null), about);
        return { run: await view(used, again, may) };
      }
      const prepared = await prepareRetry(used, run, principal, input.message);
      return { run: await view(used, await write((tx) => engine.createPlan(tx, prepared, run.id), about), may) };
    },
    recover: async ({ run, input, principal, write, may }) => {
      const prepared = await engine.prepareRecovery(run, { ...input, digest: input.digest, state: input.state, actor: actorOf(principal) });
      const metadata = { action: input.action, state_digest: prepared.state?.digest ?? null };
      return { run: await view(used, await write((tx) => engine.recover(tx, run, prepared), { metadata }), may) };
    },
  });
};

const about = (run: RunRow) => ({
  metadata: { kind: run.kind, mode: run.mode, plan_run_id: run.plan_run_id, retry_of_run_id: run.retry_of_run_id },
});
