import { expect, it } from "vitest";
import { judgeFairness } from "../src/queue/fairness.ts";
import { queue } from "../src/queue.ts";
import { Counts } from "../src/world/counts.ts";

it("what many clients claim at two replicas is claimed once and ends once", { timeout: 120_000 }, async () => {
  expect((await queue(96, 16)).problems).toEqual([]);
});

it("a Workspace that waits through a hundred claims and gets seven of them is seen", () => {
  const claims = (of: number) => Array.from({ length: 300 }, (_, at) => (at % 100 < of ? "small" : "large"));
  const problems = (of: number) => {
    const counts = new Counts("claims");
    judgeFairness(claims(of), 8, counts);
    return counts.problems.length;
  };
  expect(problems(8)).toBe(0);
  expect(problems(7)).toBeGreaterThan(0);
});
