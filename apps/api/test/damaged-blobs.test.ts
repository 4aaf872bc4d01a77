import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "@takosumi/testkit/held-run";
import { ReportingRunner, reportedChange } from "@takosumi/testkit/reporting-runner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld } from "./deploy.ts";

let world: DeployWorld;
let runner: ReportingRunner;
beforeAll(async () => {
  world = await DeployWorld.start();
  runner = await ReportingRunner.register(world.api.url, world.api.runnerToken);
});
afterAll(() => world.close());

const damages = {
  "with one bit flipped": async (file: string) => {
    const bytes = await readFile(file);
    const at = bytes.length - 20;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(file, bytes);
  },
  "cut short": async (file: string) => writeFile(file, (await readFile(file)).subarray(0, -1)),
  gone: (file: string) => rm(file),
};
const gone = { status: 410, body: { error: { code: "GONE", details: { reason: "damaged" } } } };

function fileOf(workspace: string, kind: "state" | "source" | "plan" | "work", digest: string): string {
  const hex = digest.replace("sha256:", "");
  return join(world.api.dataDir, "blobs", workspace, kind, hex.slice(0, 2), hex);
}
const capsuleOf = () => world.capsule({ source: { kind: "inline", files: { "main.tf": `# ${Math.random()}\n` } } });
const planned = async (capsule: string) => {
  const run = await world.plan(capsule);
  await runner.planned(await runner.claimed(), [reportedChange("t.a", ["create"])]);
  return run;
};

describe.each(Object.entries(damages))("a stored blob that is %s", (_, damage) => {
  it("of a state: is told before the first byte, to people and to a runner; the bytes brought back heal it", async () => {
    const capsule = await capsuleOf();
    await world.ok("POST", `/api/runs/${(await planned(capsule.id)).id}/approve`, {});
    await runner.applied(await runner.claimed());
    const [version] = (await world.ok("GET", `/api/state/${capsule.id}/versions`)).state_versions;
    const file = fileOf(capsule.workspace_id, "state", version.digest);
    const whole = await readFile(file);
    const download = () => world.call("GET", `/api/state/${capsule.id}/versions/${version.id}`);
    const { status, body: state } = await download();
    expect(status).toBe(200);

    await damage(file);
    expect(await download()).toMatchObject(gone);
    // What the database holds of it is whole.
    expect((await world.ok("GET", `/api/state/${capsule.id}/versions`)).state_versions).toHaveLength(1);
    expect((await world.call("GET", `/api/outputs/${capsule.id}`)).status).toBe(200);
    await world.plan(capsule.id);
    const held = await runner.claimed();
    expect(await held.input("state")).toMatchObject(gone);
    await held.fail("INPUT_CORRUPT");

    await writeFile(file, whole);
    expect((await download()).body).toEqual(state);

    // Nor does anybody go back to it.
    const bring = (now: { serial: number; lineage: string; digest: string }, body: object) => {
      const expected = { expect_lineage: now.lineage, expect_serial: String(now.serial), expect_digest: now.digest };
      return world.call("POST", `/api/state/${capsule.id}/versions?${new URLSearchParams(expected)}`, { body });
    };
    const next = await bring(version, { ...state, serial: version.serial + 1 });
    expect(next.status).toBe(201);
    await damage(file);
    expect(await bring(next.body.state_version, { rollback_to: version.id })).toMatchObject(gone);
    await writeFile(file, whole);
    expect((await bring(next.body.state_version, { rollback_to: version.id })).status).toBe(201);
  });

  it("of a source: is told to the runner that plans with it", async () => {
    const capsule = await capsuleOf();
    const run = await world.plan(capsule.id);
    const held = await runner.claimed();
    expect(held.lease.run_id).toBe(run.id);
    await damage(fileOf(capsule.workspace_id, "source", run.source_snapshot.digest));
    expect(await held.input("source")).toMatchObject(gone);
    await held.fail("INPUT_CORRUPT");
  });

  it.each(["source", "work"] as const)("of the %s that was approved: the apply is over before anything is handed out", async (kind) => {
    const capsule = await capsuleOf();
    const run = await planned(capsule.id);
    const digest = kind === "source" ? run.source_snapshot.digest : digestOf(`work of ${run.id}`);
    await damage(fileOf(capsule.workspace_id, kind, digest));
    const { run: apply } = await world.ok("POST", `/api/runs/${run.id}/approve`, {});
    expect(await runner.claim()).toBeNull();
    const ended = (await world.ok("GET", `/api/runs/${apply.id}`)).run;
    expect(ended).toMatchObject({ status: "failed", error: { code: "SEAL_MISMATCH" } });
    expect(ended.error.message).toContain(kind);
    expect((await world.ok("GET", `/api/capsules/${capsule.id}`)).capsule.lock).toBeNull();
  });

  it("of the plan that was approved: the runner is told, and the Capsule is free when it says so", async () => {
    const capsule = await capsuleOf();
    const run = await planned(capsule.id);
    await world.ok("POST", `/api/runs/${run.id}/approve`, {});
    const held = await runner.claimed();
    await damage(fileOf(capsule.workspace_id, "plan", digestOf(`plan of ${run.id}`)));
    expect(await held.input("plan")).toMatchObject(gone);
    await held.fail("INPUT_CORRUPT");
    expect((await world.ok("GET", `/api/capsules/${capsule.id}`)).capsule.lock).toBeNull();
  });
});
