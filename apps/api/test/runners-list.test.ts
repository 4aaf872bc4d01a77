import { newId } from "@takosumi/contracts/ids";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DeployWorld } from "./deploy.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());

it("runners show pool, status, and how many Runs they are at", async () => {
  const token = await world.db.prisma.runner_tokens.findFirstOrThrow();
  const tools = [{ name: "opentofu", version: "1.12.6" }];
  const sandbox = { kind: "none", not_isolated: ["everything"] };
  const add = (name: string, more: object) =>
    world.db.prisma.runners.create({
      data: {
        id: newId("rnr_"),
        token_id: token.id,
        instance: name,
        name,
        pool: "default",
        version: "1",
        slots: 2,
        tools,
        sandbox,
        ...more,
      },
    });
  const online = await add("online", {});
  await add("silent", { last_seen_at: new Date(Date.now() - 3_600_000) });
  await add("draining", { draining: true });
  const stranger = await world.stranger();
  const { id: pool } = await world.pool("default-of-mine");
  await add("elsewhere", { pool });
  const run = await world.plan((await world.capsule()).id);
  await world.db.prisma.runs.update({ where: { id: run.id }, data: { status: "running", lease_runner_id: online.id } });

  const { runners } = await world.ok("GET", "/api/runners?pool=default", undefined, stranger);
  expect(runners.map(({ name, status, slots }: { name: string; status: string; slots: object }) => [name, status, slots])).toEqual([
    ["online", "online", { total: 2, busy: 1 }],
    ["silent", "offline", { total: 2, busy: 0 }],
    ["draining", "draining", { total: 2, busy: 0 }],
  ]);
  const first = await world.ok("GET", "/api/runners?limit=3");
  const rest = await world.ok("GET", `/api/runners?limit=3&cursor=${first.next_cursor}`);
  expect([...first.runners, ...rest.runners].map(({ name }) => name)).toEqual(["online", "silent", "draining", "elsewhere"]);
  expect(rest.runners[0]).toMatchObject({ pool: "default-of-mine", pool_id: pool, workspace_id: expect.stringMatching(/^ws_/) });
  // Nobody sees the runners of a Workspace that they do not belong to.
  const seen = await world.ok("GET", "/api/runners", undefined, stranger);
  expect(seen.runners.map(({ name }: { name: string }) => name)).toEqual(["online", "silent", "draining"]);
});
