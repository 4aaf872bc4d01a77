import { newId } from "@takosumi/contracts/ids";
import { statement } from "@takosumi/db/sql";
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
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWorld, type World } from "./world.ts";

const seed = {
  user: statement("matrix_user", `INSERT INTO users (id, username, name) VALUES ($1, $1, $2)`),
  member: statement("matrix_member", `INSERT INTO members (workspace_id, user_id, role) VALUES ($1, $2, $3)`),
  policy: statement(
    "matrix_policy",
    `WITH project AS (UPDATE projects SET policy = $2::jsonb WHERE id = (SELECT project_id FROM capsules WHERE id = $1))
     UPDATE capsules SET policy = $3::jsonb WHERE id = $1`,
  ),
};

let world: World;
let close: () => Promise<void>;
let workspace: string;
const people = new Map<Who, string>();
beforeAll(async () => {
  ({ world, close } = await openWorld({ workspaceLimit: 1_000 }));
  workspace = await world.workspace();
  for (const [who, role] of Object.entries(approverRoles) as [Who, string][]) {
    const id = newId("usr_");
    people.set(who, id);
    await world.db.query(seed.user, [id, who]);
    await world.db.query(seed.member, [workspace, id, role]);
  }
});
afterAll(() => close());

const actorOf = (who: Who) => ({ id: people.get(who) as string, kind: "user", name: who }) as const;

/** A plan of each case, queued; what a runner makes of it follows. */
async function queued(one: PolicyCase) {
  const blank = await world.capsule(workspace);
  await world.db.query(seed.policy, [blank.id, ...saidOn(one).map((policy) => JSON.stringify(policy))]);
  return world.plan(await world.again(blank), { mode: planKinds[one.kind].mode, actor: actorOf("author") });
}
function reportOf({ kind }: PolicyCase) {
  const { changes } = planKinds[kind];
  const does = (action: "create" | "delete") => changes.filter(({ actions }) => (actions as readonly string[]).includes(action)).length;
  const summary = { add: does("create"), change: 0, destroy: does("delete"), import: 0, move: 0, forget: 0 };
  return { resource_changes: [...changes], summary };
}

/** The status that a try ends with, or the reason why it is refused. The permission itself is the contract's business. */
const tried = (run: { id: string; capsule_id: string }, who: Who) =>
  world.db
    .transaction((tx) =>
      world.engine.approve(tx, run, { actor: actorOf(who), role: approverRoles[who], plan_digest: undefined, message: null }),
    )
    .then(
      ({ run: { status }, changed }) => (status === "planned" && !changed ? "again" : status),
      (error: { details?: { reason?: string } }) => error.details?.reason,
    );

describe("every combination of a policy, said in every place", () => {
  test.each([1, 2, 3])("with %d approvals asks exactly what it says", async (approvals) => {
    const cases = policyCases.filter(({ policy }) => policy.approvals === approvals);
    const runs = await Promise.all(cases.map(async (one) => ({ one, want: expectedOf(one), run: await queued(one) })));
    const ofRun = new Map(runs.map(({ one, run }) => [run.id, one]));
    /** Does whatever waits in the queue: ends plans as their case says, and applies. */
    const drain = async (runner: string) => {
      for (let lease = await world.claim(runner); lease; lease = await world.claim(runner)) {
        const taken = { ...lease, held: { run_id: lease.run_id, runner_id: runner, epoch: lease.epoch } };
        const one = ofRun.get(lease.run_id);
        await (one ? world.finishPlan(taken, reportOf(one)) : world.applied(taken));
      }
    };
    const runner = await world.runner();
    const drained = () => Promise.all(Array.from({ length: 8 }, () => drain(runner)));
    await drained();
    await Promise.all(
      runs.map(async ({ one, want, run }) => {
        const got: unknown[] = [];
        for (const who of tryOrder.filter((who) => who !== "editor")) got.push(await tried(run, who));
        expect(got, JSON.stringify(one)).toEqual(want.tries.slice(1).map((what) => (want.automatic ? "succeeded" : what)));
      }),
    );
    await drained();
    for (const { one, want, run } of runs) {
      const plan = await world.run(run);
      const apply = plan.apply_run_id && (await world.run({ id: plan.apply_run_id })).status;
      expect([plan.status, apply], JSON.stringify(one)).toEqual(want.done ? ["approved", "succeeded"] : ["planned", null]);
    }
  });
});
