import { protocolRunner } from "@takosumi/testkit/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DeployWorld } from "./deploy.ts";

let world: DeployWorld;
let run: string;
beforeAll(async () => {
  world = await DeployWorld.start();
  const runner = await protocolRunner(world.api);
  run = (await world.plan((await world.capsule()).id)).id;
  const held = await runner.claim();
  await held.events([{ type: "log", at: new Date(0).toISOString(), text: "said 日本\n" }]);
  await held.fail();
});
afterAll(() => world?.close());

test("kept, listed oldest first without content, and read back whole", async () => {
  const given = { type: "patch", title: "the fix", content: "--- a\n+++ 日本\n", metadata: { lines: 2 } };
  const { artifact } = await world.ok("POST", `/api/runs/${run}/artifacts`, given);
  expect(artifact).toMatchObject({ run_id: run, type: "patch", title: "the fix", content: given.content, metadata: '{"lines":2}' });
  const second = (await world.ok("POST", `/api/runs/${run}/artifacts`, { type: "other" })).artifact;
  const { artifacts } = await world.ok("GET", `/api/runs/${run}/artifacts`);
  const kept = artifacts.filter(({ id }: { id: string }) => !id.includes("-"));
  expect(kept.map(({ id, content }: { id: string; content: null }) => [id, content])).toEqual([
    [artifact.id, null],
    [second.id, null],
  ]);
  expect((await world.ok("GET", `/api/artifacts/${artifact.id}`)).artifact).toEqual(artifact);
  const content = await world.call("GET", `/api/artifacts/${artifact.id}/content`);
  expect(content).toMatchObject({ status: 200, body: given.content });
  expect(content.headers.get("content-type")).toContain("text/plain");
  expect((await world.call("GET", `/api/artifacts/${second.id}/content`)).status).toBe(404);
  const first = await world.ok("GET", `/api/runs/${run}/artifacts?limit=1`);
  const next = await world.ok("GET", `/api/runs/${run}/artifacts?limit=1&cursor=${first.next_cursor}`);
  expect(next.artifacts.map(({ id }: { id: string }) => id)).toEqual([second.id]);
});

test("a Run brings its log by itself, and its plan once there is one", async () => {
  const { artifacts } = await world.ok("GET", `/api/runs/${run}/artifacts`);
  const [log] = artifacts;
  expect(log).toMatchObject({ title: "log.txt", type: "report" });
  expect((await world.ok("GET", `/api/artifacts/${log.id}`)).artifact.content).toBe("said 日本\n");
  expect((await world.call("GET", `/api/artifacts/${log.id.replace("log-", "plan-")}`)).status).toBe(404);
});

test.each([
  [{ type: "picture" }, "type"],
  [{ type: "doc", title: " " }, "title"],
  [{ type: "doc", content: "x".repeat(1024 * 1024 + 1) }, "content"],
  [{ type: "doc", metadata: { big: "x".repeat(10_001) } }, "metadata"],
  [{ type: "doc", size: 1 }, "size"],
])("%j is refused by the name of the field", async (body, field) => {
  const answer = await world.call("POST", `/api/runs/${run}/artifacts`, { body });
  expect(answer).toMatchObject({ status: 400, body: { error: { code: "BAD_REQUEST", details: { fields: [{ path: field }] } } } });
});

test("a stranger sees none of it", async () => {
  const stranger = await world.stranger();
  const { artifacts } = await world.ok("GET", `/api/runs/${run}/artifacts`);
  for (const { id } of artifacts) {
    expect((await stranger("GET", `/api/artifacts/${id}`)).status).toBe(404);
    expect((await stranger("GET", `/api/artifacts/${id}/content`)).status).toBe(404);
  }
});
