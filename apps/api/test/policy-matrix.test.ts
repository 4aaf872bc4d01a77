import { createMember } from "@takosumi/testkit/actors";
import { type Call, caller } from "@takosumi/testkit/call";
import {
  approverRoles,
  expectedOf,
  type PolicyCase,
  planKinds,
  policyCases,
  saidOn,
  tryOrder,
  type Who,
} from "@takosumi/testkit/policy-cases";
import { ReportingRunner } from "@takosumi/testkit/reporting-runner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld } from "./deploy.ts";

/** Every combination, each at one of the places in turn; run-engine's own matrix has each at every place. */
const cases = policyCases.filter((_, i) => i % 5 === Math.floor(i / 5) % 5);

let world: DeployWorld;
let runner: ReportingRunner;
let calls: Record<Who, Call>;
const ids = new Map<string, Who>();
let projects = 0;
beforeAll(async () => {
  world = await DeployWorld.start();
  runner = await ReportingRunner.register(world.api.url, world.api.runnerToken);
  const { workspace_id } = await world.project();
  const member = async (who: Who) => {
    if (who === "owner") return world.call;
    const { token, user_id } = await createMember(world.db, workspace_id, approverRoles[who]);
    ids.set(user_id, who);
    return caller(world.api.url, token);
  };
  calls = Object.fromEntries(await Promise.all(tryOrder.map(async (who) => [who, await member(who)]))) as Record<Who, Call>;
  const { owner_id } = await world.db.prisma.workspaces.findUniqueOrThrow({ where: { id: workspace_id } });
  ids.set(owner_id, "owner");
});
afterAll(() => world.close());

/** A plan of this kind under this policy, as a runner left it. */
async function planned(one: PolicyCase): Promise<string> {
  const [onProject, onCapsule] = saidOn(one);
  const { id: project_id } = await world.project({ name: `p ${++projects}`, policy: onProject });
  const capsule = await world.capsule({ project_id, policy: onCapsule });
  const { mode, changes } = planKinds[one.kind];
  const { run } = await world.ok("POST", "/api/runs", { kind: "plan", capsule_id: capsule.id, mode }, calls.author);
  const held = await runner.claimed();
  await runner.planned(held, [...changes]);
  return run.id;
}

describe("every combination of a policy", () => {
  it.each([1, 2, 3])("with %d approvals asks exactly what it says", async (approvals) => {
    for (const combination of cases.filter(({ policy }) => policy.approvals === approvals)) {
      const said = JSON.stringify(combination);
      const want = expectedOf(combination);
      const id = await planned(combination);
      for (const [i, who] of tryOrder.entries()) {
        const { run: before } = await world.ok("GET", `/api/runs/${id}`, undefined, calls[who]);
        const told = before.actions.find(({ name }: { name: string }) => name === "approve");
        const { status, body } = await calls[who]("POST", `/api/runs/${id}/approve`, { body: {} });
        const got = status === 403 ? body.error.details.reason : body.run.status;
        expect([got, status], `${said} ${who}`).toEqual(want.tries[i] === "again" ? ["planned", 200] : [want.tries[i], status]);
        // What the Run said before is what happened: allowed, or the very reason of the refusal.
        if (before.status === "planned")
          expect([told.allowed, told.reason], `${said} ${who}`).toEqual(
            want.tries[i] === "again"
              ? [false, "approvals_missing"]
              : status === 403
                ? [false, got === "role" ? "permission" : got]
                : [true, null],
          );
      }
      const { run } = await world.ok("GET", `/api/runs/${id}`);
      const given = run.approval.given.map(({ user }: { user: { id: string } }) => ids.get(user.id));
      expect([run.status, given, run.approval.required], said).toEqual([
        want.done ? "approved" : "planned",
        want.approved,
        want.automatic ? 0 : approvals,
      ]);
      if (!want.done) {
        await world.ok("POST", `/api/runs/${id}/discard`, {});
        continue;
      }
      const { run: apply } = await world.ok("GET", `/api/runs/${run.apply_run_id}`);
      expect([apply.kind, apply.approval, apply.approved_by === "policy"], said).toEqual([
        combination.kind === "destroy" ? "destroy" : "apply",
        run.approval,
        want.automatic,
      ]);
      const held = await runner.claimed();
      expect([held.lease.run_id, await runner.applied(held)], said).toEqual([apply.id, "succeeded"]);
    }
  });

  it("is recorded: one event for each person who counted, or one by the policy", async () => {
    const events = await world.db.prisma.audit_events.findMany({ where: { action: "run.approved" } });
    const people = cases.reduce((sum, combination) => sum + expectedOf(combination).approved.length, 0);
    const automatic = cases.filter((combination) => expectedOf(combination).automatic).length;
    const by = (id: string) => events.filter(({ actor_id }) => (actor_id === "policy") === (id === "policy")).length;
    expect([by("people"), by("policy")]).toEqual([people, automatic]);
  });
});
