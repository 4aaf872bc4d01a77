import { setTimeout as pause } from "node:timers/promises";
import type { Lease } from "@takosumi/contracts/runner/lease";
import type { Tx } from "@takosumi/db/db";
import { LostRace } from "@takosumi/db/errors";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { SealError } from "@takosumi/keyring/seal-error";
import { connectionsOf, unboundOf } from "./bound.ts";
import { basisOf, leaseOf } from "./lease.ts";
import { claimRun, tellFollowers } from "./queries/claim.ts";
import { offerAgain } from "./queries/offer-again.ts";
import { holdCapsuleNow, runById } from "./queries/snapshot.ts";
import { type AuditOrigin, recordRun, runnerActor } from "./record.ts";
import { broken, refuseTaken, type Wrong } from "./refuse.ts";
import type { EngineResources } from "./resources.ts";
import { sealHolds } from "./seal.ts";
import { damagedOf } from "./sealed-bytes.ts";
import { approvalLapsed } from "./still-approved.ts";

export interface Claiming {
  readonly runner_id: string;
  readonly pool: string;
  readonly tools: readonly string[];
  /** Runs that the runner holds, where it may have missed the answer to a claim. */
  readonly holding?: readonly string[] | undefined;
  readonly from?: AuditOrigin;
}

/** A live runner renews half a second after a claim: one that is silent for so long never heard of it. */
const unheardSeconds = 3;
/** A decision about a Capsule takes a few milliseconds. */
const busyMs = 20;

/** A runner was heard of, noted every few seconds: a claim that is woken waits for no write. $1 runner. No row: nobody registered it. */
const seen = statement(
  "runner_seen",
  `WITH noted AS (UPDATE runners SET last_seen_at = now() WHERE id = $1 AND last_seen_at < now() - interval '5 seconds')
   SELECT draining FROM runners WHERE id = $1`,
);

/** The next Run for a runner; waits up to `waitMs` for one. Null: nothing came, and nothing comes while the runner drains. */
export async function claim(resources: EngineResources, claiming: Claiming, waitMs: number, signal: AbortSignal): Promise<Lease | null> {
  const until = performance.now() + waitMs;
  for (;;) {
    const runner = await resources.db.one<{ draining: boolean }>(seen, [claiming.runner_id]);
    if (!runner) return null;
    // Listening starts before the look, so that what comes in between wakes us.
    const woken = new AbortController();
    const left = Math.min(until - performance.now(), claiming.holding ? unheardSeconds * 1_000 : 15_000);
    const notice = resources.notices.wait("takosumi_queue", claiming.pool, Math.max(left, 0), AbortSignal.any([signal, woken.signal]));
    try {
      // One that drains waits as well, so that it does not ask again at once.
      const run = runner.draining ? null : ((await takeUnheard(resources, claiming)) ?? (await take(resources, claiming)));
      if (run === "refused") continue;
      if (run === "busy") await pause(busyMs);
      else if (run) {
        // Who does not hear of it looks by itself before long.
        resources.db.query(tellFollowers, [run.id, run.event_sequence]).catch(() => undefined);
        const lease = await handedOut(resources, run, claiming);
        if (lease) return lease;
      }
      if (run !== null) continue;
      if (left <= 0 || signal.aborted) return null;
      await notice;
    } finally {
      woken.abort();
    }
  }
}

/** The lease of a Run that was taken. Null where its variables do not open, or what was approved is not there as it was stored: it is over. */
async function handedOut(resources: EngineResources, run: RunRow, claiming: Claiming): Promise<Lease | null> {
  const refuse = (wrong: Wrong) => resources.db.transaction((tx) => refuseTaken(tx, run, claiming, wrong));
  const basis = basisOf(resources.db, run);
  const [damaged, lease] = await Promise.all([
    run.kind === "plan" ? null : damagedOf(resources, run, basis),
    leaseOf(resources, run, basis).catch(unopened),
  ]);
  if (!damaged && lease) return lease;
  await refuse(
    broken(damaged ? `the stored ${damaged} is not the one that was sealed` : "the stored variables are not those that were sealed"),
  );
  return null;
}

function unopened(error: unknown): null {
  if (error instanceof SealError) return null;
  throw error;
}

/** A Run that this runner was given, in an answer that it never got. */
async function takeUnheard({ db, settings }: EngineResources, { runner_id, holding, from }: Claiming): Promise<RunRow | null> {
  if (!holding) return null;
  return db.transaction(async (tx) => {
    const run = await tx.one<RunRow>(offerAgain, [runner_id, settings.leaseSeconds, holding, unheardSeconds]);
    if (run) await recordRun(tx, run, "run.offered_again", runnerActor({ runner_id, from }), { epoch: run.lease_epoch });
    return run;
  });
}

/** Takes one Run. "refused": it was one that may not be executed any more, and is over. "busy": somebody decides about its Capsule now. */
const take = ({ db, keyring, settings }: EngineResources, claiming: Claiming): Promise<RunRow | "refused" | "busy" | null> =>
  db
    .transaction(async (tx): Promise<RunRow | "refused" | null> => {
      const run = await tx.one<RunRow>(claimRun, [
        claiming.pool,
        claiming.runner_id,
        settings.leaseSeconds,
        claiming.tools,
        settings.workspaceLimit,
      ]);
      if (!run) return null;
      const wrong = run.kind === "plan" ? null : await whyNot(tx, keyring, run);
      if (!wrong) {
        await recordRun(tx, run, "run.started", runnerActor(claiming), { attempt: run.attempts, epoch: run.lease_epoch });
        return run;
      }
      await refuseTaken(tx, run, claiming, wrong);
      return "refused";
    })
    .catch((error: unknown) => {
      if (error instanceof LostRace) return "busy";
      throw error;
    });

/** Why an approved Run is not executed after all: checked in the transaction that would start it. */
async function whyNot(tx: Tx, keyring: EngineResources["keyring"], run: RunRow): Promise<Wrong | null> {
  const capsule = await tx.one<CapsuleRow>(holdCapsuleNow, [run.capsule_id]);
  const plan = await tx.one<RunRow>(runById, [run.plan_run_id]);
  if (!plan || !capsule) return broken("the plan of this Run is gone");
  if (!(await sealHolds(tx, keyring, plan, run))) return broken("the stored plan is not the one that was sealed");
  if (capsule.current_state_version_id !== run.base_state_version_id)
    return { to: "stale", code: "STALE", message: "the state moved since the plan" };
  if (capsule.config_revision !== run.config_revision)
    return { to: "stale", code: "STALE", message: "the Capsule's configuration changed since the plan" };
  const unbound = unboundOf(plan, await connectionsOf(tx, plan));
  if (unbound) return unbound;
  const lapsed = await approvalLapsed(tx, plan, capsule, run);
  return lapsed && { to: "cancelled", ...lapsed };
}
