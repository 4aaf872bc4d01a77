// Protocol clients that claim and complete what one large and nine small Workspaces have queued, over two api replicas, and counts what
// became of it: node tooling/chaos/src/queue.ts [runs] [clients]
import { ProtocolRunner } from "@takosumi/testkit/held-run";
import { enqueue } from "./queue/enqueue.ts";
import { judgeFairness } from "./queue/fairness.ts";
import { capsulesInSpaces } from "./queue/workspaces.ts";
import { Counts } from "./world/counts.ts";
import { openWorld, type World } from "./world/world.ts";

const small = 9;
/** Of each small one; the large one has the rest. */
const share = (runs: number) => Math.floor(runs / 90);
const leastOfHundred = 8;
const none = [
  "Runs that were never claimed",
  "Runs that were claimed twice",
  "Runs that did not end as their client said",
  "calls that were refused",
  "Workspaces that waited and got too few of a hundred claims",
];

/** `runs` plans, claimed and ended by `clients`. */
export async function queue(runs: number, clients: number, say: (line: string) => void = () => {}): Promise<Counts> {
  const counts = new Counts(`${runs} Runs, ${clients} clients`, none);
  const world = await openWorld({ apis: 2, runners: 0, apiEnv: { TAKOSUMI_RATE_LIMIT: "10000000", TAKOSUMI_LEASE_SECONDS: "60" } });
  try {
    const capsules = await capsulesInSpaces(world, small + 1);
    const queued = capsules.flatMap((capsule, at) => Array<string>(at === 0 ? runs - small * share(runs) : share(runs)).fill(capsule));
    await enqueue(world, queued, say);
    const claimed = await claimAll(world, runs, clients, counts, say);
    await judge(world, claimed, counts);
  } finally {
    await world.close();
  }
  return counts;
}

/** Ids of Runs as the clients got them. */
async function claimAll(world: World, runs: number, clients: number, counts: Counts, say: (line: string) => void): Promise<string[]> {
  const claimed: string[] = [];
  const begun = performance.now();
  const one = async (_: unknown, at: number) => {
    const runner = await ProtocolRunner.open(world.url(at % world.apis.length), world.runnerToken);
    for (let held = await runner.claim(); held; held = await runner.claim()) {
      claimed.push(held.lease.run_id);
      if (claimed.length % 1_000 === 0) say(`${claimed.length} claimed`);
      const { status } = await held.fail();
      if (status !== 200) counts.wrong("calls that were refused", `${held.lease.run_id}: ${status}`);
    }
  };
  await Promise.all(Array.from({ length: clients }, one));
  const rate = (claimed.length / (performance.now() - begun)) * 1_000;
  say(`${claimed.length} of ${runs} claimed and completed, ${rate.toFixed(0)} a second`);
  return claimed;
}

async function judge({ database }: World, claimed: readonly string[], counts: Counts): Promise<void> {
  const runs = await database.rows<{ id: string; workspace_id: string; status: string; attempts: number; code: string | null }>(
    `SELECT id, workspace_id, status, attempts, error ->> 'code' AS code FROM runs ORDER BY started_at, queue_rank`,
  );
  const times = new Map<string, number>();
  for (const id of claimed) times.set(id, (times.get(id) ?? 0) + 1);
  for (const { id, status, attempts, code } of runs) {
    const got = times.get(id) ?? 0;
    if (got === 0) counts.wrong("Runs that were never claimed", id);
    if (got > 1 || attempts > 1) counts.wrong("Runs that were claimed twice", `${id}: ${got} claims, ${attempts} attempts`);
    if (status !== "failed" || code !== "TEST") counts.wrong("Runs that did not end as their client said", `${id} is ${status}, ${code}`);
  }
  counts.note("Runs", runs.length);
  judgeFairness(
    runs.map(({ workspace_id }) => workspace_id),
    leastOfHundred,
    counts,
  );
}

if (import.meta.main) {
  const [, , runs = "10000", clients = "16"] = process.argv;
  (await queue(Number(runs), Number(clients), console.log)).report();
}
