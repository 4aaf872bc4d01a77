import type { Answer } from "@takosumi/testkit/call";
import { type HeldRun, ProtocolRunner } from "@takosumi/testkit/held-run";
import type { Counts } from "../world/counts.ts";
import { lease, type World } from "../world/world.ts";

const source = { "main.tf": 'resource "terraform_data" "a" {}\n' };
const writes = 100;
/** A plan with one resource to create. */
const made = { summary: { add: 1 } };
const lines = (text: string) => [{ type: "log", at: new Date().toISOString(), text }];

/** Runners that were cut off past their lease and then write: of a plan that was taken over, and of applies resolved and unresolved. */
export async function lateWrites(world: World, counts: Counts): Promise<void> {
  const [old, other] = [await opened(world), await opened(world)];
  await takenOver(world, counts, old, other);
  await resolved(world, counts, old);
  await unresolved(world, counts, old);
}

async function takenOver(world: World, counts: Counts, old: ProtocolRunner, other: ProtocolRunner): Promise<void> {
  const { run } = await world.user.ok("POST", "/api/runs", { kind: "plan", capsule_id: await world.user.capsule(source) });
  const lost = await old.claimed(lease.seconds);
  await world.user.until(run.id, ({ status }) => status === "queued");
  const taken = await other.claimed(lease.seconds);
  for (let n = 0; n < writes; n++) count(counts, "plan taken over: late writes refused", await late(lost, n), false);
  const answer = await taken.planned(made);
  counts.all("plan taken over: its new runner completes it", answer.status === 200 && answer.body.status === "planned");
}

async function resolved(world: World, counts: Counts, runner: ProtocolRunner): Promise<void> {
  const lost = await begun(world, runner);
  const { run_id } = lost.lease;
  await lapsed(world, run_id);
  await world.user.ok("POST", `/api/runs/${run_id}/recover`, { action: "keep_previous", ledger_acknowledged: true });
  const before = await witness(world, run_id);
  for (let n = 0; n < writes; n++) count(counts, "apply resolved: late writes refused", await late(lost, n), false);
  counts.all("apply resolved: nothing of it changed", (await witness(world, run_id)) === before);
}

async function unresolved(world: World, counts: Counts, runner: ProtocolRunner): Promise<void> {
  const lost = await begun(world, runner);
  const { run_id } = lost.lease;
  await lapsed(world, run_id);
  const state = lost.stateAt(lost.lease.base.serial + writes);
  for (let n = 0; n < writes - 2; n++)
    count(
      counts,
      "apply unresolved: late writes accepted",
      await (n % 2 ? lost.events(lines(`line ${n}\n`)) : lost.artifact("checkpoint", lost.stateAt(n + 1))),
      true,
    );
  count(counts, "apply unresolved: late writes accepted", await lost.artifact("state", state), true);
  count(counts, "apply unresolved: late writes accepted", await lost.applied(state), true);
  counts.all("apply unresolved: it completes", (await world.user.ok("GET", `/api/runs/${run_id}`)).run.status === "succeeded");
}

/** An apply that a runner holds and has begun. */
async function begun(world: World, runner: ProtocolRunner): Promise<HeldRun> {
  const { run } = await world.user.ok("POST", "/api/runs", { kind: "plan", capsule_id: await world.user.capsule(source) });
  await (await runner.claimed(lease.seconds)).planned(made);
  await world.user.ok("POST", `/api/runs/${run.id}/approve`, {});
  const apply = await runner.claimed(lease.seconds);
  await apply.input("plan");
  await apply.events(lines("begun\n"));
  return apply;
}

const lapsed = (world: World, run: string) => world.user.until(run, ({ status }) => status === "needs_recovery");

const opened = (world: World) => ProtocolRunner.open(world.url(0), world.runnerToken);

/** Every kind of write in turn, with the lease that was lost. */
function late(held: HeldRun, n: number): Promise<Answer> {
  const state = held.stateAt(held.lease.base.serial + 1 + n);
  const kinds = [
    () => held.events(lines("late\n")),
    () => held.artifact("state", state),
    () => held.artifact("checkpoint", state),
    () => held.applied(state, { outputs: [{ name: "o", type: "string", value: "late", sensitive: false }] }),
    () => held.ask("renew", { wait_seconds: 0 }),
    () => held.fail(),
    () => held.planned(made),
  ] as const;
  return (kinds[n % kinds.length] as () => Promise<Answer>)();
}

function count(counts: Counts, name: string, { status, body }: Answer, accepted: boolean): void {
  // Another runner's Run is to this one as if it were not there.
  const refused = status === 404 || (status === 409 && body.error?.details?.reason === "old_epoch");
  counts.all(name, accepted ? status === 200 : refused);
  if (accepted ? status !== 200 : !refused)
    counts.wrong("late writes answered otherwise", `${name}: ${status} ${JSON.stringify(body).slice(0, 200)}`);
}

/** All that a write could have changed. */
async function witness({ database }: World, run: string): Promise<string> {
  const rows = await database.rows(
    `SELECT r.status, r.event_sequence, r.log_bytes, r.state_version_id, r.lease_epoch, c.serial AS checkpoint, p.current_state_version_id,
       (SELECT count(*) FROM state_versions v WHERE v.capsule_id = r.capsule_id) AS versions, (SELECT count(*) FROM run_events e WHERE e.run_id = r.id) AS events
     FROM runs r JOIN capsules p ON p.id = r.capsule_id LEFT JOIN checkpoints c ON c.run_id = r.id WHERE r.id = $1`,
    [run],
  );
  return JSON.stringify(rows);
}
