import { setTimeout as pause } from "node:timers/promises";
import { logOnce, sequenceOnce } from "../kill/truth.ts";
import type { Counts } from "../world/counts.ts";
import { toolIn } from "../world/run-tree.ts";
import { type Witness, witnessed } from "../world/witness.ts";
import type { World } from "../world/world.ts";

const resources = 4;
const lines = ["first-0", "first-1", "second-0", "second-1"];

/** The api is started again, as for an update, in the middle of a plan and of its apply. */
export async function apiRestarted(world: World, witness: Witness, counts: Counts): Promise<void> {
  const capsule = await world.user.capsule(witnessed(witness.port, "restart", resources), {
    variables: [{ name: "generation", value: 1 }],
  });
  const restart = async () => {
    await world.apis[0]?.kill("SIGTERM");
    await world.apis[0]?.start();
  };
  witness.readMs = 1_000;
  const { run: plan } = await world.user.ok("POST", "/api/runs", { kind: "plan", capsule_id: capsule });
  await toolIn(world.runnerDir(0), "plan", 20_000);
  await restart();
  const planned = await world.user.until(plan.id);
  witness.readMs = 250;
  counts.all(
    "api restarted: the plan comes to its end, at its first attempt",
    planned.status === "planned" && (await attempts(world, plan.id)) === 1,
  );
  const { run: apply } = await world.user.ok("POST", `/api/runs/${planned.id}/approve`, {});
  while (witness.hits("restart").length === 0) await pause(20);
  await restart();
  const applied = await world.user.until(apply.id);
  counts.all("api restarted: the apply comes to its end", applied.status === "succeeded");
  for (const run of [planned, applied]) {
    const wrong = (await sequenceOnce(world.database, run)).filter((what) => run === applied || !what.startsWith("no resource"));
    if (run === applied) wrong.push(...(await logOnce(world.user, run, lines)));
    for (const what of wrong) counts.wrong("events lost or doubled", `restart: ${what}`);
  }
}

const attempts = async ({ database }: World, run: string): Promise<number> =>
  (await database.rows<{ attempts: number }>("SELECT attempts FROM runs WHERE id = $1", [run]))[0]?.attempts ?? 0;

export interface Away {
  /** How long the database is away, and how long a call may wait for it. */
  readonly ms: number;
  readonly waitMs: number;
  readonly how: "killed" | "stopped";
}

/** The database is away in the middle of an apply: calls wait, then are told 503; the runner keeps its work and delivers it afterwards. */
export async function databaseAway(world: World, witness: Witness, counts: Counts, { ms, waitMs, how }: Away): Promise<void> {
  const name = `away-${how}`;
  const capsule = await world.user.capsule(witnessed(witness.port, name, resources), { variables: [{ name: "generation", value: 1 }] });
  const planned = await world.user.plan(capsule);
  const { run } = await world.user.ok("POST", `/api/runs/${planned.id}/approve`, {});
  while (witness.hits(name).length === 0) await pause(20);
  // A database that accepts and never answers is given up with its statement.
  const longest = (how === "killed" ? waitMs : Math.max(waitMs, 10_000)) + 3_000;
  const back = performance.now() + ms;
  await (how === "killed" ? world.database.kill() : world.database.freeze());
  while (performance.now() + waitMs + 1_000 < back) {
    const began = performance.now();
    const answer = await world.call("GET", `/api/runs/${run.id}`);
    const took = performance.now() - began;
    const told = answer.status === 503 && answer.body.error.code === "UNAVAILABLE" && Number(answer.headers.get("retry-after")) > 0;
    counts.all("database away: a call is told 503 UNAVAILABLE with Retry-After", told);
    if (took > longest) counts.wrong("calls that waited too long for the database", `${how}: ${Math.round(took)} ms`);
  }
  await pause(Math.max(0, back - performance.now()));
  await (how === "killed" ? world.database.start() : world.database.thaw());
  const applied = await world.user.until(run.id);
  counts.all("database away: the apply comes to its end", applied.status === "succeeded");
  counts.all("database away: each resource was made once", witness.hits(name).length === resources);
  const wrong = [...(await sequenceOnce(world.database, applied)), ...(await logOnce(world.user, applied, lines))];
  for (const what of wrong) counts.wrong("events lost or doubled", `${name}: ${what}`);
}
