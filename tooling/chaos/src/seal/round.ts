import { join } from "node:path";
import type { Run } from "@takosumi/testkit/deploy";
import type { Counts } from "../world/counts.ts";
import type { Random } from "../world/random.ts";
import type { Ground } from "./ground.ts";
import type { Mutation, Undo } from "./mutation.ts";

export const none = [
  "executed",
  "said to be applied",
  "states that came of it",
  "ended other than refused",
  "refused without a word of what differs",
  "Capsules left locked",
  "mutations that changed nothing",
];

/** Plans the next generation; an apply of it waits for its approval. */
async function waiting({ user, capsule }: Ground, generation: number): Promise<{ plan: string; apply: string }> {
  await user.ok("PATCH", `/api/capsules/${capsule}`, { variables: [{ name: "generation", value: generation }] });
  let planned: Run = await user.plan(capsule);
  // A runner keeps for two seconds what it found of its tool, also where somebody changed it meanwhile.
  for (let again = 0; again < 20 && planned.error?.code === "TOOL_NOT_FOUND"; again++) planned = await user.plan(capsule);
  if (planned.status !== "planned") throw new Error(`Plan ${generation} ended ${planned.status}: ${JSON.stringify(planned.error)}`);
  const { run } = await user.ok("POST", "/api/runs", { kind: "apply", plan_run_id: planned.id });
  return { plan: planned.id, apply: run.id };
}
const executed = ({ witness }: Ground, generation: number) => witness.hits(`own-${generation}`).length + witness.hits("evil").length > 0;

/** Without a mutation the same steps end in an apply: what the others are refused for is what was done to them. */
export async function untouched(ground: Ground, generation: number, counts: Counts): Promise<void> {
  const { apply } = await waiting(ground, generation);
  await ground.user.ok("POST", `/api/runs/${apply}/approve`, {});
  const { status } = await ground.user.until(apply);
  counts.all("untouched plans were applied", status === "succeeded" && executed(ground, generation));
}

export async function round(ground: Ground, mutation: Mutation, generation: number, random: Random, counts: Counts): Promise<void> {
  const { gate, user, world, database, capsule } = ground;
  const { part, where, how } = mutation;
  const name = `${part}, ${where}, ${how}`;
  const { plan, apply } = await waiting(ground, generation);
  const before = await witnessed();
  let undo: Undo | undefined;
  const inflict = async () => {
    try {
      undo = await mutation.inflict({ ground, plan, apply, root: join(ground.runs, plan), random });
    } catch (error) {
      counts.wrong("mutations that changed nothing", `${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  if (where === "disk") gate.before(inflict);
  else await inflict();
  try {
    const { status, body } = await world.call("POST", `/api/runs/${apply}/approve`, { body: {} });
    const run: Run = status === 200 ? await ended() : await given(apply, body.error);
    const refused = ["failed", "cancelled", "stale", "discarded"].includes(run.status);
    if (gate.forget()) counts.wrong("mutations that changed nothing", `${name}: the apply ended before it, ${JSON.stringify(run.error)}`);
    if (run.status === "succeeded") counts.wrong("said to be applied", name);
    else if (!refused) counts.wrong("ended other than refused", `${name}: ${run.status} ${JSON.stringify(run.error)}`);
    if (run.error?.code === "RUNNER_ERROR") counts.wrong("refused without a word of what differs", `${name}: ${run.error.message}`);
    if (executed(ground, generation)) counts.wrong("executed", name);
    counts.all(`${part}, ${where}: refused`, refused && !executed(ground, generation));
    counts.note(`by ${run.error?.code ?? run.status}`);
  } finally {
    await undo?.();
  }
  const after = await witnessed();
  if (after.lock_run_id) counts.wrong("Capsules left locked", name);
  if (after.versions !== before.versions) counts.wrong("states that came of it", name);

  async function witnessed() {
    const rows = await database.rows<{ lock_run_id: string | null; versions: string }>(
      "SELECT lock_run_id, (SELECT count(*) FROM state_versions v WHERE v.capsule_id = c.id) AS versions FROM capsules c WHERE id = $1",
      [capsule],
    );
    return rows[0] as (typeof rows)[0];
  }

  async function ended(): Promise<Run> {
    return user.until(apply).catch(async () => (await user.ok("GET", `/api/runs/${apply}`)).run);
  }

  /** Refused at its approval already: it is given up, so that the Capsule goes on. */
  async function given(id: string, error: { code: string; details?: { reason?: string } }): Promise<Run> {
    await world.call("POST", `/api/runs/${id}/cancel`, { body: {} });
    const { run } = await user.ok("GET", `/api/runs/${id}`);
    return { ...run, error: { code: `${error.code} ${error.details?.reason ?? ""} at its approval` } };
  }
}
