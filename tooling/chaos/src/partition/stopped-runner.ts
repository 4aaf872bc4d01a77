import { setTimeout as pause } from "node:timers/promises";
import type { Run } from "@takosumi/testkit/deploy";
import type { Counts } from "../world/counts.ts";
import { runsTreeOf, toolIn } from "../world/run-tree.ts";
import type { Witness } from "../world/witness.ts";
import { witnessed } from "../world/witness.ts";
import { lease, type World } from "../world/world.ts";

const resources = 4;
const longMs = (lease.seconds + lease.graceSeconds + 2) * 1_000;
interface Ground {
  readonly world: World;
  readonly witness: Witness;
  readonly counts: Counts;
}

/** Real runners that are stopped past their lease and continued: a plan, an apply that is resolved meanwhile, and one that is not. */
export async function stoppedRunner(world: World, witness: Witness, counts: Counts): Promise<void> {
  const ground = { world, witness, counts };
  await duringPlan(ground);
  await duringApply(ground, false);
  await duringApply(ground, true);
}

/** Runner number 0 is stopped in the middle of a plan; number 1 takes it over. */
async function duringPlan({ world, witness, counts }: Ground): Promise<void> {
  const [first, second] = world.runners;
  await second?.kill("SIGTERM");
  const capsule = await made(world, witness, "stopped-plan");
  witness.readMs = 60_000;
  const { run } = await world.user.ok("POST", "/api/runs", { kind: "plan", capsule_id: capsule });
  await toolIn(world.runnerDir(0), "plan", 20_000);
  first?.signal("SIGSTOP");
  witness.readMs = 250;
  await second?.start();
  const planned = await world.user.until(run.id);
  counts.all("a stopped runner's plan is made by another one", planned.status === "planned" && planned.runner.name === "runner-1");
  const before = await eventsOf(world, run.id);
  first?.signal("SIGCONT");
  await gone(world, 0);
  counts.all("a stopped runner of a plan adds nothing when it comes back", (await eventsOf(world, run.id)) === before);
  await world.user.ok("POST", `/api/runs/${run.id}/discard`, {});
}

/** Runner number 0 is stopped in the middle of an apply, whose tool goes on. */
async function duringApply({ world, witness, counts }: Ground, resolved: boolean): Promise<void> {
  const [first, second] = world.runners;
  await second?.kill("SIGTERM");
  const name = `stopped-apply-${resolved}`;
  const capsule = await made(world, witness, name);
  const planned = await world.user.plan(capsule);
  const { run } = await world.user.ok("POST", `/api/runs/${planned.id}/approve`, {});
  while (witness.hits(name).length === 0) await pause(20);
  first?.signal("SIGSTOP");
  await world.user.until(run.id, ({ status }) => status === "needs_recovery");
  if (resolved) await world.user.ok("POST", `/api/runs/${run.id}/recover`, { action: "keep_previous", ledger_acknowledged: true });
  const before = await eventsOf(world, run.id);
  first?.signal("SIGCONT");
  if (resolved) {
    await gone(world, 0);
    counts.all("a stopped runner of a resolved apply adds nothing when it comes back", (await eventsOf(world, run.id)) === before);
    const { state_versions } = await world.user.ok("GET", `/api/state/${capsule}/versions`);
    counts.all("a resolved apply records no state", state_versions.length === 0);
  } else {
    const ended: Run = await world.user.until(run.id, ({ status }) => status !== "needs_recovery" && status !== "running");
    counts.all("a stopped runner's unresolved apply completes when it comes back", ended.status === "succeeded");
    counts.all("and each resource was made once", witness.hits(name).length === resources);
  }
  await second?.start();
}

const made = (world: World, witness: Witness, name: string): Promise<string> =>
  world.user.capsule(witnessed(witness.port, name, resources), { variables: [{ name: "generation", value: 1 }] });

/** Everything that a runner could have written about a Run. */
async function eventsOf({ database }: World, run: string): Promise<string> {
  return JSON.stringify(await database.rows("SELECT status, event_sequence, log_bytes, state_version_id FROM runs WHERE id = $1", [run]));
}

/** Nothing is left running below a runner's directory; rejects where that takes longer than a lease. */
async function gone(world: World, runner: number): Promise<void> {
  for (const end = performance.now() + longMs * 2; runsTreeOf(world.runnerDir(runner)).length > 0; await pause(50))
    if (performance.now() > end) throw new Error("the tree of a lost Run still runs");
}
