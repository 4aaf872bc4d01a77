import { statement } from "@takosumi/db/sql";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { ReportingRunner, reportedChange } from "@takosumi/testkit/reporting-runner";
import { wrongClock } from "@takosumi/testkit/wrong-clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, refused } from "./deploy.ts";

const expireRun = statement("test_expire_run", `UPDATE runs SET expires_at = now() - interval '1 second' WHERE id = $1`);
const endsIn = statement("test_connection_ends", `UPDATE connections SET expires_at = now() + $2 * interval '1 hour' WHERE id = $1`);

describe("servers of one instance, one of which is two days early and one two days late", () => {
  let world: DeployWorld;
  let late: TestApi;
  let runner: ReportingRunner;
  beforeAll(async () => {
    world = await DeployWorld.start(wrongClock(48));
    late = await startApi({ replicaOf: world.api, env: wrongClock(-48) });
    runner = await ReportingRunner.register(late.url, world.api.runnerToken);
  });
  afterAll(async () => {
    await late?.close();
    await world?.close();
  });
  const planned = async (more: object = {}): Promise<string> => {
    const { id } = await world.plan((await world.capsule(more)).id);
    await runner.planned(await runner.claimed(), [reportedChange("t.a", ["create"])]);
    return id;
  };
  const mayApprove = (id: string) =>
    Promise.all(
      [world.call, late.call].map(async (call) => {
        const { run } = await world.ok("GET", `/api/runs/${id}`, undefined, call);
        return run.actions.find(({ name }: { name: string }) => name === "approve").allowed as boolean;
      }),
    );

  it("agree on when a plan expires: while its time runs each of them approves it", async () => {
    for (const call of [world.call, late.call]) {
      const id = await planned({ policy: { plan_ttl: "1h" } });
      expect(await mayApprove(id)).toEqual([true, true]);
      const { run } = await world.ok("POST", `/api/runs/${id}/approve`, {}, call);
      expect(await runner.applied(await runner.claimed())).toBe("succeeded");
      const { approved_at } = (await world.ok("GET", `/api/runs/${run.id}`)).run;
      expect(Math.abs(Date.now() - Date.parse(approved_at))).toBeLessThan(3_600_000);
    }
  });

  it("agree that it has expired, and neither executes it", async () => {
    for (const call of [world.call, late.call]) {
      const [id, waiting] = [await planned(), await planned()];
      const { run } = await world.ok("POST", "/api/runs", { kind: "apply", plan_run_id: waiting });
      for (const one of [id, waiting, run.id]) await world.db.query(expireRun, [one]);
      expect(await mayApprove(id)).toEqual([false, false]);
      for (const one of [id, run.id]) refused(await call("POST", `/api/runs/${one}/approve`, { body: {} }), 409, "expired");
      refused(await call("POST", "/api/runs", { body: { kind: "apply", plan_run_id: id } }), 409, "expired");
    }
  });

  it("agree on when the credentials of a connection end", async () => {
    const body = { name: "c", provider: "acme/any", recipe: { id: "generic-env" }, values: { ACME_TOKEN: "token" } };
    const { connection } = await world.ok("POST", "/api/connections", body);
    for (const [hours, status] of [
      [1, "ready"],
      [-1, "expired"],
    ] as const) {
      await world.db.query(endsIn, [connection.id, hours]);
      for (const call of [world.call, late.call])
        expect((await world.ok("GET", `/api/connections/${connection.id}`, undefined, call)).connection.status).toBe(status);
    }
  });
});
