import { runs } from "@takosumi/contracts/deploy/runs";
import type { RunRow } from "@takosumi/db/rows";
import type { Decided } from "@takosumi/run-engine/decide";
import type { Write } from "@takosumi/transport/handlers";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import { implement, type Tx } from "../../world.ts";
import { listChanges } from "./changes/repository.ts";
import { listRuns } from "./repository.ts";
import { type Caller, needsOf, preparePlan, prepareRetry, refuseDestroy, refuseOtherKind, view, viewAll } from "./service.ts";

export const runHandlers = ({ db, engine }: Pick<Resources, "db" | "engine">) => {
  const used = { db, engine };
  /** A change of a Run, and the Run as it then is, read in the same transaction. What changed nothing is no event. */
  const decided = async <D extends Decided>(call: Changing, work: (tx: Tx) => Promise<D>, more: (decided: D) => object = () => ({})) => {
    let made: { readonly shown: Awaited<ReturnType<typeof view>>; readonly decision: D } | undefined;
    await call.write(
      async (tx) => {
        const decision = await work(tx);
        made = { shown: await view({ db: tx, engine }, decision.run, callerOf(call)), decision };
        return decision.run;
      },
      (row) => (made?.decision.changed ? { metadata: { ...factsOf(row), ...more(made.decision) } } : null),
    );
    return { run: (made as NonNullable<typeof made>).shown };
  };
  const changed = (call: Changing, work: (tx: Tx) => Promise<RunRow>, more: object = {}) =>
    decided(
      call,
      async (tx) => ({ run: await work(tx), changed: true }),
      () => more,
    );
  return implement(runs, {
    create: async (call) => {
      const { input, capsule, run: plan, principal } = call;
      if (capsule) {
        const prepared = await preparePlan(used, capsule, principal, input);
        return changed(call, (tx) => engine.createPlan(tx, prepared));
      }
      refuseOtherKind(plan, input.kind === "destroy" ? "destroy" : "apply");
      return changed(call, (tx) =>
        engine.createWrite(tx, { plan, actor: actorOf(principal), message: input.message ?? null, approvedBy: null }),
      );
    },
    list: async (call) => {
      const { input, kept_capsule, project, workspace } = call;
      const rows = await listRuns(db, {
        status: input.status,
        kind: input.kind,
        actor_id: input.actor_id,
        needs: input.needs === "me" ? needsOf(callerOf(call)) : null,
        workspace_id: workspace ? workspace.id : (kept_capsule ?? project).workspace_id,
        capsule_id: kept_capsule?.id,
        project_id: project?.id,
        before: afterCursor(input.cursor),
        take: fetchLimit(input.limit),
      });
      const page = paged(rows, input.limit, ({ id }) => id);
      return { runs: await viewAll(used, page.rows, callerOf(call)), next_cursor: page.next_cursor };
    },
    read: async (call) => ({ run: await view(used, call.run, callerOf(call)) }),
    changes: async ({ run, input: { limit, cursor, ...filter } }) => {
      const asked = { ...filter, after: Number(afterCursor(cursor, "sequence") ?? -1), take: fetchLimit(limit) };
      const page = paged(await listChanges(db, run.plan_run_id ?? run.id, asked), limit, ({ position }) => position);
      return { changes: page.rows.map(({ data }) => data), next_cursor: page.next_cursor };
    },
    logs: ({ run, input }) => engine.readLog(run, input.offset, input.limit),
    approve: async (call) => {
      const { run, input, principal, role } = call;
      refuseDestroy(run, call);
      const approving = { actor: actorOf(principal), role, plan_digest: input.plan_digest, message: input.message ?? null };
      return decided(
        call,
        (tx) => engine.approve(tx, run, approving),
        ({ plan_digest, given, required }) => ({ plan_digest, approvals: given, approvals_required: required }),
      );
    },
    discard: (call) => decided(call, (tx) => engine.discard(tx, call.run, call.input.message ?? null)),
    cancel: (call) => decided(call, (tx) => engine.cancel(tx, call.run, actorOf(call.principal), call.input.message ?? null)),
    retry: async (call) => {
      const { run, input, principal } = call;
      if (run.kind !== "plan") return changed(call, (tx) => engine.retryWrite(tx, run, actorOf(principal), input.message ?? null));
      const prepared = await prepareRetry(used, run, principal, input.message);
      return changed(call, (tx) => engine.createPlan(tx, prepared, run.id));
    },
    recover: async (call) => {
      const { run, input, principal } = call;
      const prepared = await engine.prepareRecovery(run, { ...input, digest: input.digest, state: input.state, actor: actorOf(principal) });
      const ledger = { ledger: run.recovery?.ledger.length ?? 0, ledger_acknowledged: input.ledger_acknowledged };
      const more = { action: input.action, state_digest: prepared.state?.digest ?? null, ...ledger };
      return changed(call, (tx) => engine.recover(tx, run, prepared), more);
    },
  });
};

interface Asking extends Pick<Caller, "role" | "may"> {
  readonly principal: { readonly id: string };
}
interface Changing extends Asking {
  readonly write: Write<Tx>;
}
const callerOf = ({ principal: { id }, role, may }: Asking): Caller => ({ id, role, may });

const factsOf = ({ kind, mode, plan_run_id, retry_of_run_id }: RunRow) => ({ kind, mode, plan_run_id, retry_of_run_id });
