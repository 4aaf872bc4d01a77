import type { Run } from "@takosumi/testkit/deploy";
import type { Counts } from "../world/counts.ts";
import type { Random } from "../world/random.ts";
import type { Witness } from "../world/witness.ts";
import type { World } from "../world/world.ts";
import { type Fault, inflict, type Victim } from "./faults.ts";
import { logOnce, pendingAfter, sequenceOnce } from "./truth.ts";

export interface Ground {
  readonly world: World;
  readonly witness: Witness;
  readonly counts: Counts;
  readonly random: Random;
  /** Everything that a 2xx said, asked again at the end. */
  readonly told: Told;
}
export interface Told {
  readonly ended: Map<string, string>;
  readonly generations: Map<string, number>;
  readonly approved: Set<string>;
}
/** A Capsule, and the name by which the witness knows its resources. */
export interface Witnessed {
  readonly id: string;
  readonly name: string;
}
export const resources = 6;
const addresses = ["first", "second"].flatMap((name) => Array.from({ length: resources / 2 }, (_, at) => `terraform_data.${name}[${at}]`));
const spoken = (address: string) => address.replace(/^terraform_data\.(\w+)\[(\d+)\]$/, "$1-$2");

/** Plans, approves and applies the next generation of a Capsule, kills something on the way, and checks what the world says after it. */
export async function round(ground: Ground, made: Witnessed, generation: number, { victim, moment }: Fault): Promise<void> {
  const { world, counts, random, told } = ground;
  const { user } = world;
  const capsule = made.id;
  const name = `${victim} during ${moment}, ${made.name} generation ${generation}`;
  counts.note(`${victim} killed during ${moment}`);

  await user.ok("PATCH", `/api/capsules/${capsule}`, { variables: [{ name: "generation", value: generation }] });
  told.generations.set(capsule, generation);
  const { run: queued } = await user.ok("POST", "/api/runs", { kind: "plan", capsule_id: capsule });
  const planned = await through(moment === "plan" ? victim : null, queued.id);
  counts.all("plans came to their end by themselves", planned.status === "planned");
  if (planned.status !== "planned") return counts.wrong("plans that failed", `${name}: ${planned.status} ${JSON.stringify(planned.error)}`);

  const { run: approved } = await user.ok("POST", `/api/runs/${planned.id}/approve`, { plan_digest: planned.plan.digest });
  told.approved.add(approved.id);
  const applied = await through(moment === "apply" ? victim : null, approved.id);
  if (applied.status === "succeeded") await checkWhole(applied);
  else await checkBroken(applied);

  /** The Run once it rests, with or without a fault on the way. */
  async function through(killed: Victim | null, id: string): Promise<Run> {
    const healed = killed === null ? Promise.resolve(0) : inflict(world, killed, moment, random);
    const rests = ({ status }: Run) => !["queued", "running"].includes(status);
    await user.until(id, rests);
    // A runner that comes back takes its own Run up again, also one that was given up meanwhile.
    const died = await healed;
    if (killed !== null && died > (killed === "machine" || killed === "gone" ? 1 : 0))
      counts.note(`${killed} killed during ${moment}, in the middle of it`);
    const run = await user.until(id, rests);
    if (run.status !== "needs_recovery") told.ended.set(id, run.status);
    return run;
  }

  function hits(): string[] {
    const prefix = `${made.name}-${generation}-`;
    return ground.witness.hits(prefix).map(({ what }) => what.slice(prefix.length));
  }

  function countTwice(): void {
    const seen = hits();
    for (const one of new Set(seen)) if (seen.filter((other) => other === one).length > 1) counts.wrong("applied twice", `${name}: ${one}`);
  }

  async function checkWhole(run: Run): Promise<void> {
    counts.note("applies that succeeded");
    countTwice();
    const missing = addresses.filter((address) => !hits().includes(spoken(address)));
    if (missing.length > 0) counts.wrong("said to be applied, and was not", `${name}: ${missing}`);
    const pending = await pendingAfter(user, capsule);
    if (pending.length > 0) counts.wrong("applied, and not in the state", `${name}: ${pending}`);
    for (const problem of await logOnce(user, run, addresses.map(spoken))) counts.wrong("log lines lost or doubled", `${name}: ${problem}`);
    for (const problem of await sequenceOnce(world.database, run)) counts.wrong("events lost or doubled", `${name}: ${problem}`);
  }

  async function checkBroken(run: Run): Promise<void> {
    counts.note(`applies that ended ${run.status}${run.error ? ` ${run.error.code}` : ""}`);
    if (victim !== "tofu" && victim !== "machine" && victim !== "gone")
      counts.wrong("applies that their runner did not complete", `${name}: ${run.status} ${JSON.stringify(run.error)}`);
    let ledger: string[] = [];
    if (run.status === "needs_recovery") {
      ledger = run.recovery.ledger.map(({ address }: { address: string }) => address);
      await checkLocked(run);
      if (!(await resolve(run))) return checkWhole(await user.until(run.id));
    }
    countTwice();
    const pending = await pendingAfter(user, capsule);
    const nameless = hits().filter((one) => {
      const address = addresses.find((other) => spoken(other) === one) ?? one;
      return pending.includes(address) && !ledger.includes(address);
    });
    if (nameless.length > 0) counts.wrong("created, and named by neither state nor ledger", `${name}: ${nameless}; ledger ${ledger}`);
  }

  async function checkLocked(run: Run): Promise<void> {
    const { capsule: held } = await user.ok("GET", `/api/capsules/${capsule}`);
    if (held.lock?.run_id !== run.id) counts.wrong("lost applies whose Capsule is not locked", name);
  }

  /** False where its own runner came back and completed it just then. */
  async function resolve(run: Run): Promise<boolean> {
    const { checkpoint } = run.recovery;
    const action = checkpoint ? { action: "adopt_checkpoint", digest: checkpoint.digest } : { action: "keep_previous" };
    const body = { ...action, ledger_acknowledged: true };
    const answer = await world.call("POST", `/api/runs/${run.id}/recover`, { body });
    if (answer.status === 409 && answer.body.error.details.reason === "already_resolved") {
      counts.note("completed by their runner when they were to be recovered");
      return false;
    }
    if (answer.status !== 200) throw new Error(`recover: ${answer.status} ${JSON.stringify(answer.body)}`);
    counts.note(checkpoint ? "recovered with a checkpoint" : "recovered without a checkpoint");
    told.ended.set(run.id, answer.body.run.status);
    return true;
  }
}
