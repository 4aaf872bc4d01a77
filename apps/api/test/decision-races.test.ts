import { createMember } from "@takosumi/testkit/actors";
import { type Answer, type Call, caller } from "@takosumi/testkit/call";
import { ReportingRunner, reportedChange } from "@takosumi/testkit/reporting-runner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld } from "./deploy.ts";

/** Each race so often: whoever is first in one is second in another. */
const rounds = 20;
let world: DeployWorld;
let runner: ReportingRunner;
let capsule: { id: string; workspace_id: string };
let other: Call;
let approver: { readonly user_id: string; readonly call: Call };
beforeAll(async () => {
  world = await DeployWorld.start();
  runner = await ReportingRunner.register(world.api.url, world.api.runnerToken);
  capsule = await world.capsule();
  other = await world.member(capsule.workspace_id, "admin");
  const { user_id, token } = await createMember(world.db, capsule.workspace_id, "admin");
  approver = { user_id, call: caller(world.api.url, token) };
});
afterAll(() => world.close());

const post = (call: Call, id: string, verb: string) => call("POST", `/api/runs/${id}/${verb}`, { body: {} });
async function planned(): Promise<string> {
  const { id } = await world.plan(capsule.id);
  expect(await runner.planned(await runner.claimed(), [reportedChange("t.a", ["create"])])).toBe("planned");
  return id;
}
/** An apply of a new plan that waits for its approval. */
const waiting = async (): Promise<string> => (await world.ok("POST", "/api/runs", { kind: "apply", plan_run_id: await planned() })).run.id;
const row = (id: string) => world.db.prisma.runs.findUniqueOrThrow({ where: { id } });
const appliesOf = (plan: string) => world.db.prisma.runs.findMany({ where: { plan_run_id: plan } });
const actions = async (run: string): Promise<string[]> =>
  (await world.ok("GET", `/api/audit?run_id=${run}`)).events.map(({ action }: { action: string }) => action);
const lockOf = async () => (await world.db.prisma.capsules.findUniqueOrThrow({ where: { id: capsule.id } })).lock_run_id;
const conflict = ({ status, body }: Answer): string => {
  expect({ status, code: body.error?.code }, JSON.stringify(body)).toEqual({ status: 409, code: "CONFLICT" });
  return body.error.details.reason;
};
/** In which order two calls are sent: each is first in half of the rounds. */
async function both<A, B>(round: number, first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
  if (round % 2) {
    const [b, a] = await Promise.all([second(), first()]);
    return [a, b];
  }
  return Promise.all([first(), second()]);
}
/** What was queued is given up, so that the next round begins as this one did. */
const cleared = async (id: string) => {
  await post(world.call, id, "cancel");
  expect(await runner.claim()).toBeNull();
  expect(await lockOf()).toBeNull();
};
const each = Array.from({ length: rounds }, (_, round) => round);

describe("an approval races", () => {
  it("another person's: one apply, and both are told of it", async () => {
    for (const round of each) {
      const plan = await planned();
      const [one, two] = await both(
        round,
        () => post(world.call, plan, "approve"),
        () => post(other, plan, "approve"),
      );
      expect([one.status, two.status]).toEqual([200, 200]);
      const applies = await appliesOf(plan);
      expect(applies.map(({ id }) => id)).toEqual([one.body.run.id]);
      expect(two.body.run.id).toBe(one.body.run.id);
      expect((await actions(one.body.run.id)).filter((action) => action === "run.approved")).toHaveLength(1);
      await cleared(one.body.run.id);
    }
  });

  it.each(["discard", "cancel"])("a %s of the plan: who wins is told so, and the other who won", async (verb) => {
    for (const round of each) {
      const plan = await planned();
      const [approved, ended] = await both(
        round,
        () => post(world.call, plan, "approve"),
        () => post(other, plan, verb),
      );
      const applies = await appliesOf(plan);
      if (approved.status === 200) {
        expect(conflict(ended)).toBe("terminal");
        expect([(await row(plan)).status, applies.map(({ status }) => status)]).toEqual(["approved", ["queued"]]);
        await cleared(approved.body.run.id);
      } else {
        expect([conflict(approved), ended.status]).toEqual(["discarded", 200]);
        expect([(await row(plan)).status, applies]).toEqual(["discarded", []]);
        expect(await runner.claim()).toBeNull();
      }
    }
  });

  it("a cancel of the apply: it is not executed, whatever was first", async () => {
    for (const round of each) {
      const apply = await waiting();
      const [approved, ended] = await both(
        round,
        () => post(world.call, apply, "approve"),
        () => post(other, apply, "cancel"),
      );
      expect(ended.status).toBe(200);
      if (approved.status === 200) expect(approved.body.run.status).toBe("queued");
      else conflict(approved);
      expect(await row(apply)).toMatchObject({ status: "cancelled", started_at: null });
      expect((await actions(apply)).filter((action) => action === "run.cancel_requested")).toHaveLength(1);
      await cleared(apply);
    }
  });

  it("a change of the Capsule: what was planned before is not executed after", async () => {
    for (const round of each) {
      const apply = await waiting();
      const change = { variables: [{ name: "round", kind: "tofu", value: round }] };
      const [approved, changed] = await both(
        round,
        () => post(world.call, apply, "approve"),
        () => other("PATCH", `/api/capsules/${capsule.id}`, { body: change }),
      );
      expect(changed.status).toBe(200);
      if (approved.status !== 200) expect(conflict(approved)).toBe("stale");
      expect(await runner.claim()).toBeNull();
      expect([(await row(apply)).status, await lockOf()]).toEqual(["stale", null]);
    }
  });

  it("the end of its plan's time: queued while it was valid, or expired", async () => {
    let last = "";
    for (const round of each) {
      const plan = await planned();
      await world.db.prisma.runs.update({ where: { id: plan }, data: { expires_at: new Date(Date.now() + round) } });
      const approved = await post(world.call, plan, "approve");
      const applies = await appliesOf(plan);
      if (approved.status === 200) {
        expect([(await row(plan)).status, applies.length]).toEqual(["approved", 1]);
        await cleared(approved.body.run.id);
      } else {
        expect([conflict(approved), applies]).toEqual(["expired", []]);
        last = plan;
      }
    }
    await expect.poll(() => world.statusOf(last), { timeout: 20_000 }).toBe("expired");
  }, 60_000);
});

describe("the claim of an approved apply races", () => {
  it("its cancel: it is never begun, or its runner is told to stop", async () => {
    for (const round of each) {
      const apply = await waiting();
      await world.ok("POST", `/api/runs/${apply}/approve`, {});
      const [held, ended] = await both(
        round,
        () => runner.claim(),
        () => post(other, apply, "cancel"),
      );
      expect(ended.status).toBe(200);
      if (held) {
        expect((await held.ask("renew", { wait_seconds: 0 })).body.cancel).toMatchObject({ reason: expect.any(String) });
        await held.fail("CANCELLED");
      } else expect(await row(apply)).toMatchObject({ status: "cancelled", started_at: null });
      expect(await lockOf()).toBeNull();
    }
  });

  it("the end of what its approver may: executed for who may, cancelled for who may not", async () => {
    const role = (now: "admin" | "viewer") =>
      world.db.prisma.members.updateMany({ where: { user_id: approver.user_id, workspace_id: capsule.workspace_id }, data: { role: now } });
    for (const round of each) {
      await role("admin");
      const apply = await waiting();
      expect((await post(approver.call, apply, "approve")).status).toBe(200);
      // In every fourth round it is over before, so that both ends are seen whatever the machine does.
      if (round % 4 === 0) await role("viewer");
      const [held] = await both(
        round,
        () => runner.claim(),
        () => role("viewer"),
      );
      if (round % 4 === 0) expect(held).toBeNull();
      if (held) {
        expect((await row(apply)).status).toBe("running");
        await held.fail();
      } else
        expect(await row(apply)).toMatchObject({
          status: "cancelled",
          error: { code: "APPROVER_LOST_PERMISSION", message: expect.stringContaining("may not approve it any more") },
        });
      expect([await runner.claim(), await lockOf()]).toEqual([null, null]);
    }
  });
});

it("an apply that waits on an approved plan is not approved after the plan's time", async () => {
  const apply = await waiting();
  await world.ok("POST", `/api/runs/${apply}/approve`, {});
  await world.ok("POST", `/api/runs/${apply}/cancel`, {});
  const { run: again } = await world.ok("POST", `/api/runs/${apply}/retry`, {});
  await world.db.prisma.runs.update({ where: { id: again.id }, data: { expires_at: new Date(Date.now() - 1_000) } });
  expect(conflict(await post(world.call, again.id, "approve"))).toBe("expired");
  await world.db.prisma.runs.update({ where: { id: again.plan_run_id }, data: { expires_at: new Date(Date.now() - 1_000) } });
  await post(world.call, again.id, "cancel");
  expect(conflict(await post(world.call, apply, "retry"))).toBe("expired");
  expect(await runner.claim()).toBeNull();
});
