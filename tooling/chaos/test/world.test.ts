import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Counts } from "../src/world/counts.ts";
import { openWorld, type World } from "../src/world/world.ts";

describe.runIf(tools.tofu)("a world", () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  it("outlives the death of each of its parts", async () => {
    const capsule = await world.user.capsule({ "main.tf": 'resource "terraform_data" "a" { input = 1 }\n' });
    await world.database.kill();
    await world.apis[0]?.kill();
    await world.runners[0]?.kill();
    await world.database.start();
    await world.apis[0]?.start();
    await world.runners[0]?.start();
    expect(await world.user.approve(await world.user.plan(capsule))).toMatchObject({ status: "succeeded" });
    expect(await world.database.rows("SELECT count(*)::int AS runs FROM runs WHERE status = 'succeeded'")).toEqual([{ runs: 1 }]);
  });
});

it("counts what is wrong", () => {
  const counts = new Counts("some script", ["applied twice"]);
  counts.all("completed", true);
  counts.note("killed", 3);
  expect(counts.problems).toEqual([]);
  counts.wrong("applied twice", "run_1");
  counts.all("completed", false);
  expect(counts.lines).toEqual([
    "some script",
    "  applied twice: 1",
    "  completed: 1 of 2",
    "  (killed: 3)",
    "  ! applied twice: run_1",
    "  ! completed: 1 of 2",
  ]);
});
