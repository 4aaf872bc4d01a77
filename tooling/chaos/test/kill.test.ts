import { tools } from "@takosumi/testkit/tools";
import { expect, it } from "vitest";
import { kill } from "../src/kill.ts";
import { Random } from "../src/world/random.ts";

it.runIf(tools.tofu)("nothing is applied twice, lost, stuck or nameless, whatever is killed", { timeout: 180_000 }, async () => {
  const counts = await kill(
    [
      { victim: "runner", moment: "apply" },
      { victim: "gone", moment: "apply" },
      { victim: "postgres", moment: "apply" },
      { victim: "api", moment: "plan" },
    ],
    new Random(7),
  );
  expect(counts.problems).toEqual([]);
});
