import type { PlanMode } from "@takosumi/contracts/deploy/run";
import { Trespass } from "@takosumi/contracts/errors";
import { runnerProtocol } from "@takosumi/contracts/runner/protocol";
import type { Origin } from "@takosumi/transport/application";
import { ranked } from "../../deploy/runs/risk.ts";
import { denied } from "../../pipeline/denials.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { openCredentials } from "./credentials.ts";

const longestWaitMs = 25_000;
const mostKnown = 10_000;
const refused = { operation: "runnerProtocol.resume", code: "NOT_FOUND", message: "There is no such run", permission: null } as const;

/** What runners call. A runner acts only as itself: its id must belong to the token that it shows. */
export const protocolHandlers = ({ engine, db, log }: Pick<Resources, "engine" | "db" | "log">) => {
  const own = async (runner_id: string, token_id: string | null, run_id?: string) => {
    const runner = await engine.runnerOf(runner_id, token_id ?? "");
    if (runner) return runner;
    const workspace = run_id === undefined ? null : await engine.workspaceOfRun(run_id);
    throw new Trespass(workspace, { runner_id, ...(run_id !== undefined && { run_id }) }, "NOT_FOUND", "There is no such runner");
  };
  interface Leased {
    readonly input: { readonly id: string; readonly runner_id: string; readonly epoch: number };
    readonly principal: { readonly token_id: string | null };
    readonly from: Origin;
  }
  const known = new Set<string>();
  const held = async ({ input: { id, runner_id, epoch }, principal: { token_id }, from }: Leased) => {
    const pair = `${token_id} ${runner_id}`;
    // Whose a runner is never changes; that its token still counts was looked at when this call came in.
    if (!known.has(pair)) {
      await own(runner_id, token_id, id);
      if (known.size >= mostKnown) known.clear();
      known.add(pair);
    }
    return { run_id: id, runner_id, epoch, from };
  };
  return implement(runnerProtocol, {
    register: async ({ input, principal, write }) => {
      const { id, name, of_pool } = await write(
        (tx) => engine.registerRunner(tx, { ...input, token_id: principal.token_id ?? "" }),
        (row) => ({
          workspace_id: row.of_pool.workspace_id,
          metadata: { name: row.name, pool: row.of_pool.name, version: row.version },
        }),
      );
      const { leaseSeconds, renewSeconds } = engine.settings;
      return {
        runner: { id, name, pool: of_pool.name },
        settings: { lease_seconds: leaseSeconds, renew_seconds: renewSeconds, poll_seconds: longestWaitMs / 1000 },
      };
    },
    claim: async ({ input, principal, signal, from }) => {
      const { pool } = await own(input.runner_id, principal.token_id);
      const claiming = {
        runner_id: input.runner_id,
        pool,
        tools: [...new Set(input.tools.map(({ name }) => name))],
        holding: input.holding,
        from,
      };
      return { lease: await engine.claim(claiming, Math.min(input.wait_seconds * 1000, longestWaitMs), signal) };
    },
    resume: async ({ input: { runner_id, held: claimed }, principal, from }) => {
      await own(runner_id, principal.token_id);
      const ids = claimed.map(({ run_id }) => run_id);
      // Left out of the answer, which goes on with the others; who asked for them is recorded all the same.
      for (const { id, workspace_id } of await engine.runsOfOthers(db, runner_id, ids))
        await denied({ db, log }, { ...refused, ...from, principal, workspace_id, about: { run_id: id, runner_id } });
      return { leases: await engine.resume(runner_id, claimed) };
    },
    renew: async ({ input, principal, signal, from }) => {
      const { cancel, expires_at } = await engine.renew(await held({ input, principal, from }), input.wait_seconds * 1000, signal);
      return { cancel, expires_at: expires_at.toISOString() };
    },
    events: async ({ input, principal, from }) => ({
      last_sequence: await engine.takeEvents(await held({ input, principal, from }), input.first, input.events),
    }),
    resolve: async ({ input, principal, from }) =>
      engine.resolveProviders(await held({ input, principal, from }), input.requirements, input.lock_digest, input.tool),
    credentials: (call) => openCredentials({ engine, db, log }, call, () => held(call)),
    input: async ({ input, principal, from }) => {
      const { body, size } = await engine.openInput(await held({ input, principal, from }), input.kind);
      return { body, size, type: "application/octet-stream" };
    },
    source: async ({ input, principal, from }) => ({
      source: await engine.pinSource(await held({ input, principal, from }), input.commit, input.stored),
    }),
    artifact: async ({ input, principal, file, from }) =>
      engine.acceptArtifact(await held({ input, principal, from }), input.kind, file.body, input.digest),
    complete: async ({ input, principal, from }) => {
      const lease = await held({ input, principal, from });
      const { outcome, events, artifacts = [] } = input;
      await Promise.all([events && engine.takeEvents(lease, events.first, events.events), engine.acceptCarried(lease, artifacts)]);
      if (outcome.result !== "planned") return { status: (await engine.complete(lease, outcome)).status };
      const { resource_changes, drift } = outcome.plan;
      const rank = (mode: PlanMode) => ({ ...ranked(resource_changes, mode), drift: ranked(drift, "normal").changes });
      return { status: (await engine.completePlan(lease, outcome, rank)).status };
    },
  });
};
