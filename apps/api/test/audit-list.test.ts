import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, refused } from "./deploy.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());

describe("audit", () => {
  it("pages newest first, without gap or repetition while more is written", async () => {
    await world.project();
    const first = await world.ok("GET", "/api/audit?limit=2");
    await world.project();
    const rest = await world.ok("GET", `/api/audit?limit=100&cursor=${first.next_cursor}`);
    const numbers = [...first.events, ...rest.events].map(({ sequence }) => sequence);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => numbers.length - i));
    expect(first.events[0].previous_hash).toBe(first.events[1].hash);
  });

  it("filters by Capsule, Run, actor and action, together and alone", async () => {
    const capsule = await world.capsule();
    const run = await world.plan(capsule.id);
    const actions = async (query: string) =>
      (await world.ok("GET", `/api/audit?${query}`)).events.map(({ action }: { action: string }) => action);
    expect(await actions(`capsule_id=${capsule.id}`)).toEqual(["run.created", "capsule.created"]);
    expect(await actions(`run_id=${run.id}`)).toEqual(["run.created"]);
    expect(await actions(`capsule_id=${capsule.id}&action=capsule.created`)).toEqual(["capsule.created"]);
    expect(new Set(await actions(`actor_id=${run.actor.id}&action=project.created`))).toEqual(new Set(["project.created"]));
    expect(await actions("actor_id=usr_none")).toEqual([]);
    refused(await world.call("GET", "/api/audit?action=nonsense"), 400, "invalid", "action");
    refused(await world.call("GET", `/api/audit?cursor=${Buffer.from("cap_1").toString("base64url")}`), 400, "bad_cursor");
  });

  it("of another Workspace's ids finds as little as of ids that do not exist", async () => {
    const capsule = await world.capsule();
    const stranger = await world.stranger();
    const empty = { events: [], next_cursor: null };
    for (const id of [capsule.id, "cap_none"])
      expect(await world.ok("GET", `/api/audit?capsule_id=${id}`, undefined, stranger)).toEqual(empty);
    const theirs = await stranger("GET", `/api/audit?workspace_id=${capsule.workspace_id}`);
    expect([theirs.status, theirs.body]).toEqual([404, (await stranger("GET", "/api/audit?workspace_id=ws_none")).body]);
  });

  it("proves its chain, and names where it was edited", async () => {
    const project = await world.project();
    const whole = await world.ok("GET", "/api/audit/verify");
    expect(whole).toMatchObject({ ok: true, checked: expect.any(Number), first_broken: null });
    const stranger = await world.stranger();
    const theirs = (await world.ok("POST", "/api/projects", { name: "theirs" }, stranger)).project;
    await world.db.prisma.audit_events.updateMany({ where: { target_id: theirs.id }, data: { action: "project.updated" } });
    expect(await world.ok("GET", "/api/audit/verify", undefined, stranger)).toMatchObject({ ok: false, first_broken: { sequence: 1 } });
    expect(await world.ok("GET", `/api/audit/verify?workspace_id=${project.workspace_id}`)).toMatchObject({
      ok: true,
      checked: whole.checked,
    });
  });
});
