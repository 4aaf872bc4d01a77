import { newId, prefixes } from "@takosumi/contracts/ids";
import type { Lease } from "@takosumi/contracts/runner/lease";
import type { Queries, Tx } from "@takosumi/db/db";
import type { RunnerRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { type Held, heldBrief, leaseOf, lostLease } from "./lease.ts";
import { heldRuns } from "./queries/lease.ts";
import { renewLease } from "./queries/renew.ts";
import type { EngineResources } from "./resources.ts";

export interface Registration {
  readonly token_id: string;
  readonly instance: string;
  readonly name: string;
  readonly version: string;
  readonly slots: number;
  readonly tools: readonly { readonly name: string; readonly version: string }[];
  readonly sandbox: { readonly kind: string; readonly not_isolated: readonly string[] };
}

/** A runner announces itself, or comes back under the instance name that it had. Its pool is its token's. Plan: runners_instance_key. */
const announce = statement(
  "runner_announce",
  `INSERT INTO runners (id, token_id, instance, name, pool, version, slots, tools, sandbox)
   SELECT $1, t.id, $3, $4, t.pool, $5, $6, $7::jsonb, $8::jsonb FROM runner_tokens t WHERE t.id = $2
   ON CONFLICT (token_id, instance) DO UPDATE SET name = excluded.name, pool = excluded.pool, version = excluded.version,
     slots = excluded.slots, tools = excluded.tools, sandbox = excluded.sandbox, registered_at = now(), last_seen_at = now(), draining = false
   RETURNING *, (SELECT jsonb_build_object('name', p.name, 'workspace_id', p.workspace_id) FROM runner_pools p WHERE p.id = runners.pool) AS of_pool`,
);
/** What waits for Runs is woken where they may come again. $1 runner, $2 whether it drains. Plan: runners_pkey. */
const setDraining = statement(
  "runner_drain",
  `WITH changed AS (UPDATE runners SET draining = $2 WHERE id = $1 RETURNING *)
   SELECT changed.*, pg_notify('takosumi_queue', changed.pool) AS told FROM changed`,
);
/** A runner of this token. $1 runner, $2 token. */
const runnerOfToken = statement("runner_of_token", `SELECT * FROM runners WHERE id = $1 AND token_id = $2`);

export async function registerRunner(
  tx: Tx,
  { token_id, instance, name, version, slots, tools, sandbox }: Registration,
): Promise<RegisteredRunner> {
  const values = [newId(prefixes.runner), token_id, instance, name, version, slots, JSON.stringify(tools), JSON.stringify(sandbox)];
  return (await tx.one<RegisteredRunner>(announce, values)) as RegisteredRunner;
}
export interface RegisteredRunner extends RunnerRow {
  readonly of_pool: { readonly name: string; readonly workspace_id: string | null };
}

/** A runner that drains is given no Run after this commits; it keeps those that it has. */
export const drainRunner = async (tx: Tx, id: string, draining: boolean): Promise<RunnerRow> =>
  (await tx.one<RunnerRow>(setDraining, [id, draining])) as RunnerRow;

/** Null where this runner is not of that token: nobody acts as another's runner. */
export const runnerOf = ({ db }: Pick<EngineResources, "db">, runner: string, token: string): Promise<RunnerRow | null> =>
  db.one<RunnerRow>(runnerOfToken, [runner, token]);

export interface Renewed {
  readonly cancel: { readonly reason: string } | null;
  readonly expires_at: Date;
}

/** Keeps a lease; with `waitMs`, then waits for a wish to cancel and answers with it as soon as it is there. */
export async function renew({ db, notices, settings }: EngineResources, held: Held, waitMs: number, signal: AbortSignal): Promise<Renewed> {
  const until = performance.now() + Math.min(waitMs, (settings.leaseSeconds * 1000) / 2);
  const keep = () => db.one<RunRow>(renewLease, [held.run_id, held.epoch, held.runner_id, settings.leaseSeconds]);
  for (;;) {
    const woken = new AbortController();
    const notice = notices.wait(
      "takosumi_cancel",
      held.run_id,
      Math.max(until - performance.now(), 0),
      AbortSignal.any([signal, woken.signal]),
    );
    try {
      const run = await keep();
      if (!run) {
        await heldBrief(db, held);
        throw lostLease(held.run_id);
      }
      // By the database's clock, which set both.
      const renewedAt = (run.lease_expires_at as Date).getTime() - settings.leaseSeconds * 1_000;
      const overdue = run.deadline_at !== null && run.deadline_at.getTime() < renewedAt;
      const reason = run.cancel_requested_at !== null ? (run.cancel_reason ?? "cancelled") : overdue ? "the time of the Run is over" : null;
      if (reason !== null || performance.now() >= until || signal.aborted)
        return { cancel: reason === null ? null : { reason }, expires_at: run.lease_expires_at as Date };
      await notice;
    } finally {
      woken.abort();
    }
  }
}

/** Runs among these that another runner was given. $1 runner, $2 run ids. Plan: primary key per id. */
const othersRuns = statement(
  "others_runs",
  `SELECT id, workspace_id FROM runs WHERE id = ANY ($2::text[]) AND lease_runner_id <> $1 ORDER BY id`,
);
export const runsOfOthers = (db: Queries, runner: string, ids: readonly string[]): Promise<{ id: string; workspace_id: string }[]> =>
  db.query<{ id: string; workspace_id: string }>(othersRuns, [runner, ids]);

/** The Runs that a runner still holds of those that it says it does, after it was started again. */
export async function resume(
  resources: EngineResources,
  runner: string,
  held: readonly { readonly run_id: string; readonly epoch: number }[],
): Promise<Lease[]> {
  const ids = held.map(({ run_id }) => run_id);
  const runs = await resources.db.query<RunRow>(heldRuns, [runner, ids, held.map(({ epoch }) => epoch)]);
  const leases: Lease[] = [];
  for (const run of runs) {
    await renew(resources, { run_id: run.id, runner_id: runner, epoch: run.lease_epoch }, 0, AbortSignal.abort());
    leases.push(await leaseOf(resources, run));
  }
  return leases;
}
