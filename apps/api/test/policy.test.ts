import { createMember } from "@takosumi/testkit/actors";
import { type Call, caller } from "@takosumi/testkit/call";
import { ReportingRunner, reportedChange } from "@takosumi/testkit/reporting-runner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, module, refused } from "./deploy.ts";

let world: DeployWorld;
let runner: ReportingRunner;
const people = {} as Record<"editor" | "admin", Call>;
beforeAll(async () => {
  world = await DeployWorld.start();
  runner = await ReportingRunner.register(world.api.url, world.api.runnerToken);
  const { workspace_id } = await world.project();
  for (const role of ["editor", "admin"] as const)
    people[role] = caller(world.api.url, (await createMember(world.db, workspace_id, role)).token);
});
afterAll(() => world.close());
let named = 0;
const project = (policy: object) => world.project({ name: `policy ${++named}`, policy });
const planned = async (capsule_id: string): Promise<string> => {
  const { id } = await world.plan(capsule_id);
  await runner.planned(await runner.claimed(), [reportedChange("t.a", ["create"])]);
  return id;
};

describe("the policy of a Capsule", () => {
  it("is shown as it was said, and as it holds together with its Project's", async () => {
    const { id: project_id } = await project({ approvals: 3, destroy_role: "owner", plan_ttl: "3h" });
    const capsule = await world.capsule({ project_id, policy: { approvals: 2, separate_author: true, plan_ttl: "1h" } });
    expect(capsule.policy).toEqual({ approvals: 2, separate_author: true, plan_ttl: "1h" });
    const effective = { approvals: 3, separate_author: true, auto_apply: "never", destroy_role: "owner", plan_ttl: "1h", timeout: "2h" };
    expect(capsule.effective_policy).toMatchObject(effective);
    await world.ok("PATCH", `/api/projects/${project_id}`, { policy: { approvals: 4 } });
    const [read, listed] = await Promise.all([
      world.ok("GET", `/api/capsules/${capsule.id}`),
      world.ok("GET", `/api/capsules?project_id=${project_id}`),
    ]);
    expect([read.capsule.effective_policy, listed.capsules[0].effective_policy].map((one) => [one.approvals, one.destroy_role])).toEqual([
      [4, "admin"],
      [4, "admin"],
    ]);
    for (const path of ["lock", "unlock"])
      expect((await world.ok("POST", `/api/capsules/${capsule.id}/${path}`, { reason: "r" })).capsule.effective_policy.approvals).toBe(4);
  });

  it.each([
    ["approvals", 0],
    ["approvals", 6],
    ["approvals", 1.5],
    ["approvals", "2"],
    ["auto_apply", "always"],
    ["destroy_role", "editor"],
    ["separate_author", "yes"],
    ["plan_ttl", "40d"],
    ["drift", { cron: "0 0 * * *" }],
  ])("refuses %s: %j", async (name, value) => {
    const answer = await world.call("POST", "/api/projects", { body: { name: "p", policy: { [name]: value } } });
    refused(answer, 400, "invalid", name);
  });

  it("when it changes makes what was planned stale, and says so", async () => {
    const { id: project_id } = await project({});
    const capsule = await world.capsule({ project_id });
    const [one, other] = [await planned(capsule.id), await planned(capsule.id)];
    await world.ok("PATCH", `/api/projects/${project_id}`, { policy: { approvals: 2 } });
    expect([await world.statusOf(one), await world.statusOf(other)]).toEqual(["stale", "stale"]);
    refused(await world.call("POST", `/api/runs/${one}/approve`, { body: {} }), 409, "stale");
    const third = await planned(capsule.id);
    const { run } = await world.ok("POST", `/api/runs/${third}/approve`, {});
    expect([run.id, run.status, run.approval.required, run.approval.given.length]).toEqual([third, "planned", 2, 1]);
    await world.patch(capsule.id, { policy: { separate_author: true } });
    expect(await world.statusOf(third)).toBe("stale");
  });
});

describe("who may change a policy", () => {
  it("is who may approve: an editor cannot waive what protects from them", async () => {
    const { id: project_id } = await project({ approvals: 2 });
    const capsule = await world.capsule({ project_id });
    const auto = { policy: { auto_apply: "no_destroy" } };
    const tries = [
      people.editor("PATCH", `/api/capsules/${capsule.id}`, { body: auto }),
      people.editor("PATCH", `/api/projects/${project_id}`, { body: auto }),
      people.editor("POST", "/api/projects", { body: { name: "e", workspace_id: capsule.workspace_id, ...auto } }),
      people.editor("POST", "/api/capsules", { body: { project_id, name: "e", source: module, ...auto } }),
    ];
    for (const answer of await Promise.all(tries)) refused(answer, 403, "role", "run:approve");
    const { capsule: same } = await world.ok("GET", `/api/capsules/${capsule.id}`);
    expect([same.policy, same.config_revision]).toEqual([{}, capsule.config_revision]);
    // The rest is an editor's to change, and so is a policy that stays as it was.
    expect((await people.editor("PATCH", `/api/capsules/${capsule.id}`, { body: { name: "renamed", policy: {} } })).status).toBe(200);
    expect((await people.admin("PATCH", `/api/capsules/${capsule.id}`, { body: auto })).status).toBe(200);
  });

  it("does not lower the role that may destroy from below it", async () => {
    const { id } = await project({ destroy_role: "owner" });
    const lowered = await people.admin("PATCH", `/api/projects/${id}`, { body: { policy: {} } });
    refused(lowered, 403, "destroy_role", "owner");
    expect((await people.admin("PATCH", `/api/projects/${id}`, { body: { policy: { destroy_role: "owner", approvals: 2 } } })).status).toBe(
      200,
    );
    expect((await world.call("PATCH", `/api/projects/${id}`, { body: { policy: {} } })).status).toBe(200);
    expect((await people.admin("PATCH", `/api/projects/${id}`, { body: { policy: { destroy_role: "owner" } } })).status).toBe(200);
  });
});

describe("the runner pool of a policy", () => {
  it("executes the Runs; the others of the instance do not get them", async () => {
    const { runner_pool: pool } = await world.ok("POST", "/api/runner-pools", { name: "prod" });
    const { token } = await world.ok("POST", `/api/runner-pools/${pool.id}/tokens`, { name: "t" });
    const own = await ReportingRunner.register(world.api.url, token);
    const { id: project_id } = await project({ runner_pool: "prod" });
    const { id } = await world.plan((await world.capsule({ project_id })).id);
    expect(await runner.claim()).toBeNull();
    const held = await own.claimed();
    expect(held.lease.run_id).toBe(id);
    await own.planned(held, [reportedChange("t.a", ["create"])]);
    await world.ok("POST", `/api/runs/${id}/approve`, {});
    expect(await runner.claim()).toBeNull();
    expect(await own.applied(await own.claimed())).toBe("succeeded");
    const contrary = await world.capsule({ project_id, name: "contrary", policy: { runner_pool: "default" } });
    expect(contrary.effective_policy.runner_pools).toEqual(["default", "prod"]);
    refused(await world.call("POST", "/api/runs", { body: { kind: "plan", capsule_id: contrary.id } }), 409, "runner_pool", "prod");
  });

  it("is one of the Workspace, or default: another's is as one that is not there", async () => {
    const stranger = await world.stranger();
    await world.ok("POST", "/api/runner-pools", { name: "theirs" }, stranger);
    const { id } = await world.capsule({ project_id: (await project({})).id });
    for (const runner_pool of ["theirs", "missing"])
      for (const [method, path, body] of [
        ["PATCH", `/api/capsules/${id}`, {}],
        ["POST", "/api/projects", { name: "n" }],
      ] as const) {
        const answer = await world.call(method, path, { body: { ...body, policy: { runner_pool } } });
        refused(answer, 404, undefined, `policy.runner_pool: There is no such runner pool: ${runner_pool}`);
      }
  });
});

it("saying the same again is no second event", async () => {
  const { id: project_id } = await project({ approvals: 2 });
  const run = await planned((await world.capsule({ project_id })).id);
  const events = async () => (await world.ok("GET", `/api/audit?run_id=${run}`)).events.map(({ action }: { action: string }) => action);
  for (const path of ["approve", "approve", "discard", "discard"]) await world.ok("POST", `/api/runs/${run}/${path}`, {});
  expect(await events()).toEqual(["run.discarded", "run.approved", "run.planned", "run.started", "run.created"]);
});
