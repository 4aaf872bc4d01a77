import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, refused } from "./deploy.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());
const put = (body: object) => world.call("PUT", "/api/spaces/me/common-env", { body });
const list = async () => (await world.ok("GET", "/api/spaces/me/common-env")).env;
const configured = async (id: string) => (await world.db.prisma.capsules.findUniqueOrThrow({ where: { id } })).config_revision;

describe("common-env", () => {
  it("shows plain values, hides secret ones, and stores neither in the open", async () => {
    expect((await put({ name: "region", value: "eu-central-1" })).body).toEqual({ success: true });
    expect((await put({ name: "API_KEY", value: "k-3-y-of-the-space", secret: true })).body).toEqual({ success: true });
    expect(await list()).toMatchObject([
      { name: "API_KEY", secret: true, value: "********" },
      { name: "REGION", secret: false, value: "eu-central-1" },
    ]);
    const stored = JSON.stringify(await world.db.prisma.common_env.findMany());
    expect(stored).not.toMatch(/k-3-y|eu-central/);
    expect((await world.call("DELETE", "/api/spaces/me/common-env/region")).body).toEqual({ success: true });
    expect((await world.call("DELETE", "/api/spaces/me/common-env/REGION")).status).toBe(404);
    expect(await list()).toHaveLength(1);
  });

  it.each([
    { name: "1A", value: "" },
    { name: "A-B", value: "" },
    { name: "TAKOS_API_URL", value: "x" },
    { name: "takos_access_token", value: "x" },
    { name: "PATH", value: "x" },
    { name: "TF_LOG", value: "x" },
    { name: "LD_PRELOAD", value: "x" },
    { name: "A".repeat(129), value: "" },
    { name: "A", value: 1 },
    { name: "A" },
    { name: "A", value: "x".repeat(65_537) },
    { name: "A", value: "", secret: "yes" },
    { name: "ﬁ", value: "" },
  ])("%j is refused", async (body) => {
    refused(await put(body), 400, "invalid");
  });

  it("makes the plans that wait stale where it changes something for them, and only then", async () => {
    const project_id = (await world.project()).id;
    const capsule = await world.capsule({ project_id, name: "sees" });
    const own = await world.capsule({ project_id, name: "own", variables: [{ name: "ZONE", kind: "env", value: "of its own" }] });
    const [seen, kept] = [await world.planned(capsule.id), await world.planned(own.id)];
    const revision = await configured(own.id);
    await put({ name: "ZONE", value: "a" });
    expect(await world.statusOf(seen)).toBe("stale");
    expect(await world.statusOf(kept)).toBe("planned");
    expect(await configured(own.id)).toBe(revision);
    const again = await world.planned(capsule.id);
    await put({ name: "ZONE", value: "a" });
    expect(await world.statusOf(again)).toBe("planned");
    await put({ name: "ZONE", value: "a", secret: true });
    expect(await world.statusOf(again)).toBe("stale");
    const last = await world.planned(capsule.id);
    await world.call("DELETE", "/api/spaces/me/common-env/ZONE");
    expect(await world.statusOf(last)).toBe("stale");
  });

  it("is recorded by name in a Run, a Capsule's own and a Run's own winning", async () => {
    await put({ name: "ONE", value: "space" });
    await put({ name: "TWO", value: "space", secret: true });
    const capsule = await world.capsule({ name: "named", variables: [{ name: "ONE", kind: "env", value: "capsule", sensitive: true }] });
    const run = await world.plan(capsule.id);
    const named = run.injected_env.filter(({ phase }: { phase: string }) => phase === "plan");
    expect(named).toEqual(
      expect.arrayContaining([
        { name: "ONE", kind: "env", phase: "plan", sensitive: true },
        { name: "TWO", kind: "env", phase: "plan", sensitive: true },
      ]),
    );
    expect(named.filter(({ name }: { name: string }) => name === "ONE")).toHaveLength(1);
  });
});
