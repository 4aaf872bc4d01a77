import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, refused } from "./deploy.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());

const capsuleRow = (id: string, data: object) => world.db.prisma.capsules.update({ where: { id }, data });
const runRow = (id: string, data: object) => world.db.prisma.runs.update({ where: { id }, data });

describe("deleting a Capsule", () => {
  it.each(["queued", "running", "planned", "needs_recovery"])("is refused while a Run of it is %s, forced or not", async (status) => {
    const { id } = await world.capsule();
    const run = await world.plan(id);
    await runRow(run.id, { status });
    const reason = status === "needs_recovery" ? "recovery_open" : "run_active";
    for (const force of ["", "?force=true"]) refused(await world.call("DELETE", `/api/capsules/${id}${force}`), 409, reason, run.id);
    await runRow(run.id, { status: "failed" });
    expect((await world.call("DELETE", `/api/capsules/${id}`)).status).toBe(204);
  });

  it("with resources wants force, and leaves a tombstone with its states and audit", async () => {
    const secret = await world.secret("USED");
    const capsule = await world.capsule({ variables: [{ name: "v", kind: "tofu", secret_id: secret.id }] });
    const run = await world.plan(capsule.id);
    await runRow(run.id, { status: "failed" });
    const { workspace_id, id: capsule_id } = capsule;
    const state = {
      id: `sv_${capsule_id}`,
      workspace_id,
      capsule_id,
      serial: 4,
      lineage: "l",
      digest: "d",
      size_bytes: 1,
      outputs: [],
      origin: "run",
    };
    await world.db.prisma.state_versions.create({ data: state });
    await capsuleRow(capsule.id, { resource_count: 3 });
    refused(await world.call("DELETE", `/api/capsules/${capsule.id}`), 409, "not_empty", "3 resources");
    expect((await world.call("DELETE", `/api/capsules/${capsule.id}?force=true`)).status).toBe(204);
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["PATCH", ""],
      ["POST", "/lock"],
    ] as const) {
      const body = method === "PATCH" ? { name: "x" } : method === "POST" ? { reason: "x" } : undefined;
      expect((await world.call(method, `/api/capsules/${capsule.id}${path}`, { body })).status, method).toBe(404);
    }
    expect((await world.call("GET", `/api/outputs/${capsule.id}`)).status).toBe(404);
    expect((await world.ok("GET", `/api/state/${capsule.id}/versions`)).state_versions).toEqual([expect.objectContaining({ serial: 4 })]);
    expect((await world.ok("GET", `/api/state/${capsule.id}/versions/sv_${capsule.id}/metadata`)).state_version.serial).toBe(4);
    expect((await world.ok("GET", `/api/runs?capsule_id=${capsule.id}`)).runs).toEqual([expect.objectContaining({ id: run.id })]);
    expect((await world.ok("GET", `/api/runs/${run.id}`)).run.actions).toContainEqual(
      expect.objectContaining({ name: "retry", allowed: false, reason: "terminal" }),
    );
    refused(await world.call("POST", `/api/runs/${run.id}/retry`, { body: {} }), 409, "terminal", "deleted");
    const row = await world.db.prisma.capsules.findUniqueOrThrow({ where: { id: capsule.id } });
    expect([row.deleted_at === null, row.variables]).toEqual([false, []]);
    const { events } = await world.ok("GET", `/api/audit?capsule_id=${capsule.id}`);
    expect(events.map(({ action }: { action: string }) => action)).toEqual(["capsule.deleted", "run.created", "capsule.created"]);
    await world.capsule({ project_id: capsule.project_id, name: capsule.name });
    expect((await world.call("DELETE", `/api/secrets/${secret.id}`)).status).toBe(204);
  });

  it("wants force where a state's resources were not counted", async () => {
    const { id } = await world.capsule();
    await capsuleRow(id, { current_state_version_id: "sv_1" });
    refused(await world.call("DELETE", `/api/capsules/${id}`), 409, "not_empty");
    await capsuleRow(id, { status: "destroyed" });
    expect((await world.call("DELETE", `/api/capsules/${id}`)).status).toBe(204);
  });
});

describe("a person's lock", () => {
  const lock = (id: string, reason = "maintenance") => world.call("POST", `/api/capsules/${id}/lock`, { body: { reason } });
  const unlock = (id: string) => world.call("POST", `/api/capsules/${id}/unlock`, { body: { reason: "done" } });

  it("names who and why, is taken once, and is taken away", async () => {
    const { id } = await world.capsule();
    const locked = await lock(id);
    expect(locked.body.capsule.lock).toMatchObject({ run_id: null, reason: "maintenance", actor: { name: expect.any(String) } });
    refused(await lock(id, "me too"), 409, "locked", "maintenance");
    refused(await world.call("DELETE", `/api/capsules/${id}?force=true`), 409, "locked", "maintenance");
    const unlocked = await unlock(id);
    expect([unlocked.status, unlocked.body.capsule.lock]).toEqual([200, null]);
    refused(await unlock(id), 409, "not_locked");
  });

  it("is refused where a Run holds the Capsule, and does not take that Run's lock away", async () => {
    const { id } = await world.capsule();
    await capsuleRow(id, { lock_run_id: "run_9", lock_reason: "an apply is in progress", locked_at: new Date() });
    refused(await lock(id), 409, "locked", "run_9");
    refused(await unlock(id), 409, "locked", "run_9");
    refused(await world.call("DELETE", `/api/capsules/${id}`), 409, "locked", "run_9");
  });

  it("of several at once is taken by one", async () => {
    const { id } = await world.capsule();
    const answers = await Promise.all([lock(id), lock(id), lock(id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  });

  it("needs the right to change the Capsule", async () => {
    const { id, workspace_id } = await world.capsule();
    const viewer = await world.member(workspace_id, "viewer");
    expect((await viewer("POST", `/api/capsules/${id}/lock`, { body: { reason: "x" } })).status).toBe(403);
    expect((await viewer("GET", `/api/capsules/${id}`)).status).toBe(200);
  });
});
