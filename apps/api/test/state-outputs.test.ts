import { newId } from "@takosumi/contracts/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld } from "./deploy.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());

async function withStates(count: number) {
  const capsule = await world.capsule();
  const ids: string[] = [];
  for (let serial = 1; serial <= count; serial++) {
    const id = newId("sv_");
    const outputs = [
      { name: "url", type: "string", value: `https://${serial}`, sensitive: false },
      { name: "password", type: "string", value: "leaked-by-mistake", sensitive: true },
    ];
    const row = {
      workspace_id: capsule.workspace_id,
      capsule_id: capsule.id,
      lineage: "l",
      digest: "sha256:d",
      size_bytes: 9n,
      resource_count: serial,
    };
    await world.db.prisma.state_versions.create({ data: { id, previous_id: ids.at(-1) ?? null, serial: BigInt(serial), outputs, ...row } });
    ids.push(id);
  }
  await world.db.prisma.capsules.update({ where: { id: capsule.id }, data: { current_state_version_id: ids.at(-1) ?? null } });
  return { capsule, ids };
}

describe("state versions", () => {
  it("page newest first, with nothing of the outputs", async () => {
    const { capsule, ids } = await withStates(5);
    const first = await world.ok("GET", `/api/state/${capsule.id}/versions?limit=3`);
    const second = await world.ok("GET", `/api/state/${capsule.id}/versions?limit=3&cursor=${first.next_cursor}`);
    const seen = [...first.state_versions, ...second.state_versions];
    expect(seen.map(({ id }) => id)).toEqual(ids.toReversed());
    expect(second.next_cursor).toBe(null);
    expect(seen[0]).toMatchObject({ serial: 5, size_bytes: 9, resource_count: 5, run_id: null, capsule_id: capsule.id });
    expect(JSON.stringify(seen)).not.toContain("https://");
  });
});

describe("outputs", () => {
  it("are those of the current state, a sensitive value null whatever was stored", async () => {
    const { capsule, ids } = await withStates(2);
    const { outputs, state_version_id } = await world.ok("GET", `/outputs/${capsule.id}`);
    expect(state_version_id).toBe(ids[1]);
    expect(outputs).toEqual([
      { name: "url", type: "string", value: "https://2", sensitive: false },
      { name: "password", type: "string", value: null, sensitive: true },
    ]);
  });

  it("are none before the first apply, and foreign to strangers", async () => {
    const capsule = await world.capsule();
    expect(await world.ok("GET", `/api/outputs/${capsule.id}`)).toEqual({ outputs: [], state_version_id: null });
    const stranger = await world.stranger();
    expect((await stranger("GET", `/api/outputs/${capsule.id}`)).body).toEqual((await stranger("GET", "/api/outputs/cap_none")).body);
  });
});
