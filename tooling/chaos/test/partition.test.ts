import { afterAll, beforeAll, expect, it } from "vitest";
import { lateWrites } from "../src/partition/late-writes.ts";
import { replicas } from "../src/partition/replicas.ts";
import { Counts } from "../src/world/counts.ts";
import { openWorld, type World } from "../src/world/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld({ apis: 2, runners: 0 });
});
afterAll(() => world?.close());

it("two replicas hand out each Run once, and both tell the same", async () => {
  const counts = new Counts("replicas");
  await replicas(world, counts);
  expect(counts.problems).toEqual([]);
});

it("of a runner cut off past its lease: nothing where its Run was taken over or resolved, everything where it was not", async () => {
  const counts = new Counts("late writes");
  await lateWrites(world, counts);
  expect(counts.problems).toEqual([]);
});
