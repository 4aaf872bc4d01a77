// Kills tofu, runner, api, PostgreSQL and whole machines at random points of plans and applies, and counts what that did:
// node tooling/chaos/src/kill.ts [rounds] [seed]
import { tools } from "@takosumi/testkit/tools";
import { anyFault, type Fault } from "./kill/faults.ts";
import { type Ground, resources, round, type Witnessed } from "./kill/round.ts";
import { acknowledged, stuck } from "./kill/truth.ts";
import { Counts } from "./world/counts.ts";
import { Random } from "./world/random.ts";
import { Witness, witnessed } from "./world/witness.ts";
import { openWorld } from "./world/world.ts";

const none = [
  "applied twice",
  "stuck beyond lease + 10 s",
  "acknowledged writes lost",
  "created, and named by neither state nor ledger",
  "said to be applied, and was not",
  "applied, and not in the state",
  "plans that failed",
  "applies that their runner did not complete",
  "lost applies whose Capsule is not locked",
  "log lines lost or doubled",
  "events lost or doubled",
];

/** One world, and these faults one after the other, in turn on a Capsule of each tool. `say` hears of each round. */
export async function kill(faults: readonly Fault[], random: Random, say: (line: string) => void = () => {}): Promise<Counts> {
  const counts = new Counts(`${faults.length} kills`, none);
  const witness = await new Witness().open();
  const world = await openWorld();
  try {
    const told = { ended: new Map(), generations: new Map(), approved: new Set<string>() };
    const ground: Ground = { world, witness, counts, random, told };
    // OpenTofu keeps its state every 20 s, Terraform after each change: the one leaves a ledger, the other a checkpoint.
    const capsules = await Promise.all((tools.terraform ? ["opentofu", "terraform"] : ["opentofu"]).map((tool) => made(ground, tool)));
    for (const [at, fault] of faults.entries()) {
      const began = performance.now();
      await round(ground, capsules[at % capsules.length] as Witnessed, at + 1, fault);
      await stuck(world.database, counts);
      const took = ((performance.now() - began) / 1000).toFixed(1);
      say(`${at + 1}/${faults.length} ${fault.victim} during ${fault.moment}: ${took} s, ${counts.problems.length} problems`);
    }
    await acknowledged(world.database, told, counts);
  } finally {
    await world.close();
    await witness.close();
  }
  return counts;
}

async function made({ world: { user }, witness }: Ground, tool: string): Promise<Witnessed> {
  const files = witnessed(witness.port, tool, resources);
  return { name: tool, id: await user.capsule(files, { tool: { name: tool }, variables: [{ name: "generation", value: 0 }] }) };
}

if (import.meta.main) {
  const [, , rounds = "200", seed = String(Date.now() % 100_000)] = process.argv;
  const random = new Random(Number(seed));
  console.log(`seed ${seed}`);
  (
    await kill(
      Array.from({ length: Number(rounds) }, () => anyFault(random)),
      random,
      console.log,
    )
  ).report();
}
