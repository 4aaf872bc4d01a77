import { runs } from "@takosumi/contracts/deploy/runs";
import type { RunRow } from "@takosumi/db/rows";
import type { Write } from "@takosumi/transport/handlers";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import { implement, type Tx } from "../../world.ts";
import { listChanges } from "./changes/repository.ts";
import { listRuns } from "./repository.ts";
import { type May, needsOf, preparePlan, prepareRetry, refuseDestroy, refuseOtherKind, view, viewAll } from "./service.ts";

export const runHandlers = ({ db, engine }: Pick<Resources, "db" | "engine">) => {
  const used = { db, engine };
  /** A change of a Run, and the Run as it then is, read in the same transaction. */
  const changed = async (write: Write<Tx>, may: May, work: (tx: Tx) => Promise<RunRow>, detail: typeof about = about) => {
    let run: Awaited<ReturnType<typeof view>> | undefined;
    await write(async (tx) => {
      const row = await work(tx);
      run = await view({ db: tx, engine }, row, may);
      return row;
    }, detail);
    return { run: run as NonNullable<typeof run> };
  };
  return implement(runs, {
    create: async ({ input, capsule, run: plan, principal, write, may }) => {
      if (capsule) {
        const prepared = await preparePlan(used, capsule, principal, input);
        return changed(write, may, (tx) => engine.createPlan(tx, prepared));
      }
      refuseOtherKind(plan, input.kind === "destroy" ? "destroy" : "apply");
      return changed(write, may, (tx) => engine.createWrite(tx, plan, actorOf(principal), input.message ?? null, null));
    },
    list: async ({ input, kept_capsule, project, workspace, principal, may }) => {
      const rows = await listRuns(db, {
        status: input.status,
        kind: input.kind,
        actor_id: input.actor_id,
        needs: input.needs === "me" ? needsOf(principal, may) : null,
        workspace_id: workspace ? workspace.id : (kept_capsule ?? project).workspace_id,
        capsule_id: kept_capsule?.id,
        project_id: project?.id,
        before: afterCursor(input.cursor),
        take: fetchLimit(input.limit),
      });
      const page = paged(rows, input.limit, ({ id }) => id);
      return { runs: await viewAll(used, page.rows, may), next_cursor: page.next_cursor };
    },
    read: async ({ run, may }) => ({ run: await view(used, run, may) }),
    changes: async ({ run, input: { limit, cursor, ...filter } }) => {
      const asked = { ...filter, after: Number(afterCursor(cursor, "sequence") ?? -1), take: fetchLimit(limit) };
      const page = paged(await listChanges(db, run.plan_run_id ?? run.id, asked), limit, ({ position }) => position);
      return { changes: page.rows.map(({ data }) => data), next_cursor: page.next_cursor };
    },
    logs: ({ run, input }) => engine.readLog(run, input.offset, input.limit),
    approve: async ({ run, input, principal, write, may }) => {
      refuseDestroy(run, may);
      const approving = { actor: actorOf(principal), plan_digest: input.plan_digest, message: input.message ?? null };
      return changed(write, may, (tx) => engine.approve(tx, run, approving));
    },
    discard: ({ run, input, write, may }) => changed(write, may, (tx) => engine.discard(tx, run, input.message ?? null)),
    cancel: ({ run, input, principal, write, may }) =>
      changed(write, may, (tx) => engine.cancel(tx, run, actorOf(principal), input.message ?? null)),
    retry: async ({ run, input, principal, write, may }) => {
      if (run.kind !== "plan") return changed(write, may, (tx) => engine.retryWrite(tx, run, actorOf(principal), input.message ?? null));
      const prepared = await prepareRetry(used, run, principal, input.message);
      return changed(write, may, (tx) => engine.createPlan(tx, prepared, run.id));
    },
    recover: async ({ run, input, principal, write, may }) => {
      const prepared = await engine.prepareRecovery(run, { ...input, digest: input.digest, state: input.state, actor: actorOf(principal) });
      const ledger = { ledger: run.recovery?.ledger.length ?? 0, ledger_acknowledged: input.ledger_acknowledged };
      const decided = { action: input.action, state_digest: prepared.state?.digest ?? null, ...ledger };
      return changed(
        write,
        may,
        (tx) => engine.recover(tx, run, prepared),
        (row) => ({ metadata: { ...about(row).metadata, ...decided } }),
      );
    },
  });
};

const about = (run: RunRow) => ({
  metadata: { kind: run.kind, mode: run.mode, plan_run_id: run.plan_run_id, retry_of_run_id: run.retry_of_run_id },
});
