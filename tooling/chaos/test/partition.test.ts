import { tools } from "@takosumi/testkit/tools";
import { expect, it } from "vitest";
import { partition } from "../src/partition.ts";

it.runIf(tools.tofu)("what is cut off loses nothing and writes nothing late", { timeout: 240_000 }, async () => {
  expect((await partition({ awayMs: 7_000, waitSeconds: 2 }, ["killed"])).problems).toEqual([]);
});
