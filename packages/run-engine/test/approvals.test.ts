import type { Role } from "@takosumi/contracts/access";
import type { Policy } from "@takosumi/contracts/deploy/policy";
import { newId } from "@takosumi/contracts/ids";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { reportedChange } from "@takosumi/testkit/reporting-runner";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWorld, type World } from "./world.ts";

const sql = {
  user: statement("approvals_user", `INSERT INTO users (id, username, name) VALUES ($1, $1, $1)`),
  member: statement("approvals_member", `INSERT INTO members (workspace_id, user_id, role) VALUES ($1, $2, $3)`),
  role: statement("approvals_role", `UPDATE members SET role = $3 WHERE workspace_id = $1 AND user_id = $2`),
  leave: statement("approvals_leave", `DELETE FROM members WHERE workspace_id = $1 AND user_id = $2`),
  // Behind the product's back: no revision is raised, so that only the check at the claim can see it.
  policy: statement("approvals_policy", `UPDATE capsules SET policy = $2::jsonb WHERE id = $1 RETURNING *`),
  digest: statement("approvals_digest", `UPDATE approvals SET plan_digest = 'sha256:0' WHERE run_id = $1`),
  hold: statement(
    "approvals_hold",
    `UPDATE capsules SET lock_actor = '{"id": "u", "kind": "user", "name": "u"}', locked_at = now() WHERE id = $1`,
  ),
};
const reason = (details: object) => expect.objectContaining({ details: expect.objectContaining(details) });

let world: World;
let close: () => Promise<void>;
beforeAll(async () => ({ world, close } = await openWorld()));
afterAll(() => close());

type Person = { readonly id: string; readonly kind: "user"; readonly name: string; readonly role: Role };
const join = async ({ workspace_id }: CapsuleRow, role: Role): Promise<Person> => {
  const id = newId("usr_");
  await world.db.query(sql.user, [id]);
  await world.db.query(sql.member, [workspace_id, id, role]);
  return { id, kind: "user", name: id, role };
};
const withPolicy = async (policy: Policy, capsule?: CapsuleRow): Promise<CapsuleRow> =>
  (await world.db.one<CapsuleRow>(sql.policy, [(capsule ?? (await world.capsule())).id, JSON.stringify(policy)])) as CapsuleRow;
const approve = (run: RunRow, { role, ...actor }: Person) =>
  world.db.transaction((tx) => world.engine.approve(tx, run, { actor, role, plan_digest: undefined, message: null }));
const post = (plan: RunRow, person: Person) =>
  world.db.transaction((tx) => world.engine.createWrite(tx, { plan, actor: person, message: null, approvedBy: null }));

describe("with two approvals", () => {
  test("the first leaves the plan planned, a repeat changes nothing, the second queues the apply with both", async () => {
    const capsule = await withPolicy({ approvals: 2 });
    const [one, other] = [await join(capsule, "admin"), await join(capsule, "admin")];
    const plan = await world.planned(capsule);
    expect(await approve(plan, one)).toMatchObject({ run: { id: plan.id, status: "planned" }, changed: true, given: 1, required: 2 });
    expect(await approve(plan, one)).toMatchObject({ run: { id: plan.id, status: "planned" }, changed: false, given: 1 });
    expect((await world.again(capsule)).lock_run_id).toBeNull();
    const { run } = await approve(plan, other);
    expect(run).toMatchObject({ kind: "apply", status: "queued", approved_by: other.id });
    expect((await world.applied(await world.claimed(await world.runner()))).id).toBe(run.id);
  });

  test("two at the same moment make one apply", async () => {
    for (let round = 0; round < 10; round++) {
      const capsule = await withPolicy({ approvals: 2 });
      const people = await Promise.all([join(capsule, "admin"), join(capsule, "admin"), join(capsule, "owner")]);
      const plan = await world.planned(capsule);
      const answers = await Promise.all(people.map((person) => approve(plan, person)));
      expect(answers.map(({ run: { status } }) => status).toSorted()).toEqual(["planned", "queued", "queued"]);
      expect(new Set(answers.flatMap(({ run }) => (run.kind === "apply" ? [run.id] : []))).size).toBe(1);
      await world.applied(await world.claimed(await world.runner()));
    }
  });

  test("an apply that was made by hand counts what its plan was given, and takes its own", async () => {
    const capsule = await withPolicy({ approvals: 2 });
    const [one, other] = [await join(capsule, "admin"), await join(capsule, "admin")];
    const plan = await world.planned(capsule);
    await approve(plan, one);
    const waiting = await post(plan, one);
    expect(await approve(waiting, one)).toMatchObject({ run: { id: waiting.id, status: "awaiting_approval" }, changed: false, given: 1 });
    expect(await approve(waiting, other)).toMatchObject({ run: { id: waiting.id, status: "queued" }, given: 2 });
    await world.applied(await world.claimed(await world.runner()));
  });

  test("a retried apply asks for all of them again", async () => {
    const capsule = await withPolicy({ approvals: 2 });
    const [one, other] = [await join(capsule, "admin"), await join(capsule, "admin")];
    const plan = await world.planned(capsule);
    await approve(plan, one);
    const { run } = await approve(plan, other);
    await world.db.transaction((tx) => world.engine.cancel(tx, run, run.actor, null));
    const again = await world.db.transaction((tx) => world.engine.retryWrite(tx, run, run.actor, null));
    expect(await approve(again, one)).toMatchObject({ run: { status: "awaiting_approval" }, given: 1 });
    expect(await approve(plan, other)).toMatchObject({ run: { id: again.id, status: "queued" }, given: 2 });
    await world.applied(await world.claimed(await world.runner()));
  });
});

/** Approves by an admin and the owner, or by the owner alone, does something, and says how the apply ends that a runner then asks for. */
async function refusedAfter(
  what: (facts: { capsule: CapsuleRow; one: Person; other: Person; plan: RunRow; apply: RunRow }) => Promise<unknown>,
  { policy = { approvals: 2 }, mode = "normal" }: { policy?: Policy; mode?: "normal" | "destroy" } = {},
) {
  const capsule = await withPolicy(policy);
  const [one, other] = [await join(capsule, "admin"), await join(capsule, "owner")];
  const plan = await world.planned(capsule, { mode });
  if (policy.approvals === 2) await approve(plan, one);
  const { run: apply } = await approve(plan, other);
  await what({ capsule, one, other, plan, apply });
  expect(await world.claim(await world.runner())).toBeNull();
  const ended = await world.run(apply);
  expect((await world.again(capsule)).lock_run_id).toBeNull();
  return { ended, plan, one, other };
}

describe("what was approved and may not be any more, when it would begin, is not executed", () => {
  test.each([
    [
      "an approver is not a member any more",
      "APPROVER_LOST_PERMISSION",
      ({ capsule, one }) => world.db.query(sql.leave, [capsule.workspace_id, one.id]),
      {},
    ],
    [
      "an approver lost the permission",
      "APPROVER_LOST_PERMISSION",
      ({ capsule, one }) => world.db.query(sql.role, [capsule.workspace_id, one.id, "editor"]),
      {},
    ],
    [
      "an approver of a destroy is below the role for it",
      "APPROVER_LOST_PERMISSION",
      ({ capsule, other }) => world.db.query(sql.role, [capsule.workspace_id, other.id, "admin"]),
      { policy: { destroy_role: "owner" }, mode: "destroy" },
    ],
    ["the policy asks for more approvals", "APPROVALS_MISSING", ({ capsule }) => withPolicy({ approvals: 3 }, capsule), {}],
    [
      "the policy asks for another author",
      "APPROVER_LOST_PERMISSION",
      async ({ capsule, one, plan }) => {
        await world.db.query(statement("approvals_author", `UPDATE runs SET actor_id = $2 WHERE id = $1`), [plan.id, one.id]);
        await withPolicy({ approvals: 2, separate_author: true }, capsule);
      },
      {},
    ],
    ["the approvals are of another plan", "APPROVALS_MISSING", ({ apply }) => world.db.query(sql.digest, [apply.id]), {}],
  ] satisfies [string, string, Parameters<typeof refusedAfter>[0], Parameters<typeof refusedAfter>[1]][])(
    "%s: %s",
    async (_, code, what, given) => {
      const { ended } = await refusedAfter(what, given);
      expect(ended).toMatchObject({ status: "cancelled", started_at: null, error: { code } });
    },
  );

  test("it never started: the plan may be approved again", async () => {
    const { ended, plan, other } = await refusedAfter(({ capsule, one }) => world.db.query(sql.leave, [capsule.workspace_id, one.id]));
    const again = await world.db.transaction((tx) => world.engine.retryWrite(tx, ended, other, null));
    expect(again).toMatchObject({ status: "awaiting_approval", plan_run_id: plan.id });
    expect(await approve(again, other)).toMatchObject({ given: 1, run: { status: "awaiting_approval" } });
  });
});

describe("a plan that the policy applies", () => {
  const auto: Policy = { auto_apply: "no_destroy" };
  const finished = async (capsule: CapsuleRow, plan: Parameters<World["finishPlan"]>[1], mode: RunRow["mode"] = "normal") => {
    await world.plan(capsule, { mode });
    return world.finishPlan(await world.claimed(await world.runner()), plan);
  };
  const applied = async () => world.applied(await world.claimed(await world.runner()));
  const none = { add: 0, change: 0, destroy: 0, import: 0, move: 0, forget: 0 };

  test("is queued when it ends, by the policy", async () => {
    const capsule = await withPolicy(auto);
    const plan = await world.run(await finished(capsule, {}));
    expect(plan).toMatchObject({ status: "approved", approved_by: "policy", destroys: false });
    expect(await applied()).toMatchObject({ id: plan.apply_run_id, actor: { id: "policy" }, approved_by: "policy", status: "succeeded" });
  });

  test.each([
    ["destroys", { summary: { ...none, destroy: 1 } }, "normal"],
    ["forgets", { summary: { ...none, forget: 1 } }, "normal"],
    ["is of mode destroy, though it says that it takes nothing away", {}, "destroy"],
    ["would drop from the state what is gone", { summary: none, drift: [reportedChange("t.a", ["delete"])] }, "refresh_only"],
  ] as const)("waits for people where it %s", async (_, plan, mode) => {
    const ended = await finished(await withPolicy(auto), { ...plan, drift: [...("drift" in plan ? plan.drift : [])] }, mode);
    expect(ended).toMatchObject({ status: "planned", destroys: true, apply_run_id: null });
  });

  test("waits for people where somebody holds the Capsule", async () => {
    const capsule = await withPolicy(auto);
    await world.db.query(sql.hold, [capsule.id]);
    expect(await finished(capsule, {})).toMatchObject({ status: "planned", apply_run_id: null });
  });

  test.each([
    ["the policy does not apply it any more", "POLICY_CHANGED", (capsule: CapsuleRow) => withPolicy({}, capsule)],
    [
      "who made it is gone",
      "AUTHOR_LOST_PERMISSION",
      (capsule: CapsuleRow) => world.db.query(sql.leave, [capsule.workspace_id, "usr_owner"]),
    ],
  ])("is not executed where %s when it would begin", async (_, code, what) => {
    const capsule = await withPolicy(auto);
    const plan = await world.run(await finished(capsule, {}));
    await what(capsule);
    expect(await world.claim(await world.runner())).toBeNull();
    expect(await world.run({ id: plan.apply_run_id as string })).toMatchObject({ status: "cancelled", error: { code } });
  });
});

test("who made the plan does not approve it, whoever made the apply", async () => {
  const capsule = await withPolicy({ separate_author: true });
  const [author, other] = [await join(capsule, "owner"), await join(capsule, "admin")];
  await world.plan(capsule, { actor: author });
  const plan = await world.finishPlan(await world.claimed(await world.runner()));
  const waiting = await post(plan, other);
  for (const run of [plan, waiting]) await expect(approve(run, author)).rejects.toEqual(reason({ reason: "separate_author" }));
  expect((await approve(waiting, other)).run.status).toBe("queued");
  await world.applied(await world.claimed(await world.runner()));
});
