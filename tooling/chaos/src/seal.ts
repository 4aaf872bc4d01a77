// Puts something else in the place of what was approved, between plan and apply, and counts what was executed of it:
// node tooling/chaos/src/seal.ts [mutations] [seed]
import { atBlobs } from "./seal/blobs.ts";
import { onDisk } from "./seal/disk.ts";
import { openGround } from "./seal/ground.ts";
import type { Mutation } from "./seal/mutation.ts";
import { none, round, untouched } from "./seal/round.ts";
import { atRows } from "./seal/rows.ts";
import { Counts } from "./world/counts.ts";
import { Random } from "./world/random.ts";

const all: readonly Mutation[] = [...atRows, ...atBlobs, ...onDisk];

/** So many mutations, every one that there is before any comes again. */
export function anyMutations(count: number, random: Random): Mutation[] {
  const chosen: Mutation[] = [];
  while (chosen.length < count) {
    const left = [...all];
    while (left.length > 0 && chosen.length < count) chosen.push(...left.splice(random.between(0, left.length), 1));
  }
  return chosen;
}

/** One of each part at each place. */
export function oneOfEach(random: Random): Mutation[] {
  const groups = Map.groupBy(all, ({ part, where }) => `${part} ${where}`);
  return [...groups.values()].map((group) => group[random.between(0, group.length)] as Mutation);
}

/** These mutations, each of a plan of its own; before and after them a plan that nobody touched. `say` hears of each. */
export async function seal(mutations: readonly Mutation[], random: Random, say: (line: string) => void = () => {}): Promise<Counts> {
  const counts = new Counts(`${mutations.length} mutations between plan and apply`, none);
  const ground = await openGround();
  try {
    for (const [at, mutation] of mutations.entries()) {
      const began = performance.now();
      await round(ground, mutation, at + 1, random, counts);
      const took = ((performance.now() - began) / 1000).toFixed(1);
      say(
        `${at + 1}/${mutations.length} ${mutation.part}, ${mutation.where}, ${mutation.how}: ${took} s, ${counts.problems.length} problems`,
      );
    }
    await untouched(ground, mutations.length + 1, counts);
  } finally {
    await ground.close();
  }
  return counts;
}

if (import.meta.main) {
  const [, , count = "300", seed = String(Date.now() % 100_000)] = process.argv;
  const random = new Random(Number(seed));
  console.log(`seed ${seed}`);
  (await seal(anyMutations(Number(count), random), random, console.log)).report();
}
