import type { UsedTool } from "@takosumi/contracts/runner/outcome";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { connectionsOf } from "./bound.ts";
import { type Held, heldRun, lostLease } from "./lease.ts";
import { policyOf } from "./policy-of.ts";
import { heldToPolicy } from "./provider-policy.ts";
import { moves } from "./queries/moves.ts";
import { capsuleById } from "./queries/snapshot.ts";
import { recordRun, runnerActor } from "./record.ts";
import { type Ground, type Requirement, resolveAll } from "./resolution.ts";
import type { EngineResources } from "./resources.ts";

/** $1 run, $2 epoch, $3 runner, $4 bindings, $5 lock digest. */
const keep = statement(
  "run_keep_bindings",
  `UPDATE runs SET provider_bindings = $4::jsonb, provider_lock_digest = $5
   WHERE id = $1 AND lease_epoch = $2 AND lease_runner_id = $3 AND status = 'running' AND kind = 'plan' RETURNING id`,
);

async function groundOf({ db }: Pick<EngineResources, "db">, run: RunRow, { provider_bindings: bindings }: CapsuleRow): Promise<Ground> {
  const connections = await connectionsOf(db, { workspace_id: run.workspace_id, provider_bindings: bindings });
  const env = run.variables.flatMap(({ name, kind }) => (kind === "env" ? [name] : []));
  return { bindings, connections, env };
}

/** Which connection serves each provider. Where one has none, or the policy keeps it out, the Run ends `blocked`, before any credential was opened. */
export async function resolveProviders(
  { db }: Pick<EngineResources, "db">,
  held: Held,
  requirements: readonly Requirement[],
  lockDigest: string,
  tool: UsedTool | null,
) {
  const run = await heldRun(db, held);
  const capsule = (await db.one<CapsuleRow>(capsuleById, [run.capsule_id])) as CapsuleRow;
  const [policy, ground] = await Promise.all([policyOf(db, capsule), groundOf({ db }, run, capsule)]);
  const bindings = resolveAll(requirements, ground).map((one) => heldToPolicy(policy, one));
  const blocking = bindings.filter(({ status }) => status !== "resolved_provider_connection");
  const values = [run.id, held.epoch, held.runner_id, JSON.stringify(bindings)];
  if (blocking.length === 0) {
    if (!(await db.one(keep, [...values, lockDigest]))) throw lostLease(run.id);
    return { blocked: false, provider_bindings: bindings };
  }
  const error = {
    code: "PROVIDER_BLOCKED",
    message: blocking.map(({ message, remedy }) => `${message}: ${remedy}`).join("; "),
    details: { providers: blocking.map(({ provider, alias, status, reason }) => ({ provider, alias, status, reason })) },
  };
  await db.transaction(async (tx) => {
    const blocked = await tx.one<RunRow>(moves.blocked, [...values, JSON.stringify(error), lockDigest, tool && JSON.stringify(tool)]);
    if (!blocked) throw lostLease(run.id);
    await recordRun(tx, blocked, "run.blocked", runnerActor(held), error.details);
  });
  return { blocked: true, provider_bindings: bindings };
}
