import { ProtocolRunner } from "@takosumi/testkit/held-run";
import type { Counts } from "../world/counts.ts";
import type { World } from "../world/world.ts";

const runs = 40;

/** Two api replicas on one database: what is queued at one is claimed at both, each Run once, and each tells what the other was told. */
export async function replicas(world: World, counts: Counts): Promise<void> {
  const capsules: string[] = [];
  while (capsules.length < runs) capsules.push(await world.user.capsule({ "main.tf": 'resource "terraform_data" "a" {}\n' }));
  const claimers = await Promise.all([0, 1].map((at) => ProtocolRunner.open(world.url(at), world.runnerToken)));
  const claimed: string[][] = [[], []];
  const claiming = claimers.map(async (runner, at) => {
    for (let held = await runner.claim(5); held; held = await runner.claim(2)) {
      claimed[at]?.push(held.lease.run_id);
      await held.events([{ type: "log", at: new Date().toISOString(), text: `made at ${at}\n` }]);
      await held.planned({ summary: { add: 1 } });
    }
  });
  const queued = await Promise.all(
    capsules.map(async (capsule_id) => (await world.user.ok("POST", "/api/runs", { kind: "plan", capsule_id })).run.id as string),
  );
  await Promise.all(claiming);
  const all = claimed.flat();
  for (const id of queued) counts.all("two replicas: each Run is claimed once", all.filter((one) => one === id).length === 1);
  counts.all(
    "two replicas: both hand out Runs",
    claimed.every((one) => one.length > 0),
  );
  for (const api of [0, 1]) {
    const seen = await fetch(`${world.url(api)}/api/runs/${queued[0]}/logs`, { headers: { authorization: `Bearer ${world.token}` } });
    const { log } = (await seen.json()) as { log: string };
    counts.all("two replicas: both tell the same log", log === `made at ${claimed[0]?.includes(queued[0] ?? "") ? 0 : 1}\n`);
  }
}
