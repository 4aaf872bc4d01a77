import { tools } from "@takosumi/testkit/tools";
import { expect, it } from "vitest";
import { oneOfEach, seal } from "../src/seal.ts";
import { Random } from "../src/world/random.ts";

it.runIf(tools.tofu && tools.mirror)(
  "nothing is executed but what was approved, whatever is put in its place",
  { timeout: 120_000 },
  async () => {
    const random = new Random(5);
    expect((await seal(oneOfEach(random), random)).problems).toEqual([]);
  },
);
