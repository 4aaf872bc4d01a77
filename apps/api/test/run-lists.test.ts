import type { ReportedChange } from "@takosumi/contracts/deploy/plan";
import { reportedChange } from "@takosumi/testkit/reporting-runner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, refused } from "./deploy.ts";

let world: DeployWorld;
let capsule: { readonly id: string; readonly project_id: string; readonly workspace_id: string };
/** Runs of one Capsule by the status they were given. */
const made: Record<string, string> = {};
const statuses = ["planned", "failed", "blocked", "needs_recovery"] as const;

beforeAll(async () => {
  world = await DeployWorld.start();
  capsule = await world.capsule();
  for (const status of statuses) {
    const { id } = await world.plan(capsule.id);
    await world.db.prisma.runs.update({ where: { id }, data: { status } });
    made[status] = id;
  }
});
afterAll(() => world.close());

const listed = async (query: string, as = world.call): Promise<string[]> =>
  (await world.ok("GET", `/api/runs?workspace_id=${capsule.workspace_id}&${query}`, undefined, as)).runs.map(
    ({ id }: { id: string }) => id,
  );

describe("a list of Runs", () => {
  it("takes one scope, and narrows by status, kind and actor, alone and all together", async () => {
    const { actor } = (await world.ok("GET", `/api/runs/${made["failed"]}`)).run;
    const all = statuses.map((status) => made[status]).reverse();
    expect(await listed("")).toEqual(all);
    expect(await listed("status=failed")).toEqual([made["failed"]]);
    expect(await listed("kind=plan")).toEqual(all);
    expect(await listed("kind=destroy")).toEqual([]);
    expect(await listed(`actor_id=${actor.id}&status=planned`)).toEqual([made["planned"]]);
    expect(await listed("actor_id=usr_nobody")).toEqual([]);
    for (const scope of [`project_id=${capsule.project_id}`, `capsule_id=${capsule.id}`])
      for (const more of [`status=planned&kind=plan&actor_id=${actor.id}&needs=me`, "kind=apply&needs=me", `actor_id=${actor.id}`])
        expect((await world.ok("GET", `/api/runs?${scope}&${more}`)).runs).toHaveLength(
          more.startsWith("status") ? 1 : more.startsWith("kind") ? 0 : 4,
        );
    refused(await world.call("GET", "/api/runs?status=over"), 400, "invalid", "status");
    refused(await world.call("GET", "/api/runs?needs=you"), 400, "invalid", "needs");
  });

  it("of what needs somebody holds what they may do something about", async () => {
    const editor = await world.member(capsule.workspace_id, "editor");
    const viewer = await world.member(capsule.workspace_id, "viewer");
    await world.db.prisma.capsules.update({ where: { id: capsule.id }, data: { latest_run_id: made["blocked"] as string } });
    expect(await listed("needs=me")).toEqual([made["needs_recovery"], made["blocked"], made["planned"]]);
    expect(await listed("needs=me", editor)).toEqual([made["blocked"]]);
    expect(await listed("needs=me", viewer)).toEqual([]);
    await world.db.prisma.capsules.update({ where: { id: capsule.id }, data: { latest_run_id: made["failed"] as string } });
    expect(await listed("needs=me", editor)).toEqual([]);
  });

  it("leaves out a plan that they approved already and that waits for another", async () => {
    const id = await world.planned((await world.capsule()).id);
    const { actor } = (await world.ok("GET", `/api/runs/${id}`)).run;
    expect(await listed("needs=me")).toContain(id);
    await world.db.prisma.approvals.create({ data: { run_id: id, user_id: actor.id, user_name: "n" } });
    expect(await listed("needs=me")).not.toContain(id);
  });

  it("leaves out a plan that the policy wants somebody else to approve", async () => {
    const { id: capsule_id, workspace_id } = await world.capsule({ policy: { separate_author: true, destroy_role: "owner" } });
    const id = await world.planned(capsule_id);
    const admin = await world.member(workspace_id, "admin");
    expect([(await listed("needs=me")).includes(id), (await listed("needs=me", admin)).includes(id)]).toEqual([false, true]);
    await world.db.prisma.runs.update({ where: { id }, data: { destroys: true } });
    expect((await listed("needs=me", admin)).includes(id)).toBe(false);
    await world.db.prisma.runs.update({ where: { id }, data: { actor_id: "usr_somebody" } });
    expect((await listed("needs=me")).includes(id)).toBe(true);
  });
});

describe("the changes of a plan", () => {
  const change = (address: string, actions: ReportedChange["actions"], risk: string, more: object = {}) => ({
    ...reportedChange(address, actions),
    attributes: [],
    risk,
    risk_reasons: [],
    ...more,
  });
  const changes = [
    change("aws_db.Main", ["delete", "create"], "high"),
    change("module.net.aws_vpc.a", ["delete"], "medium", { module: "module.net" }),
    change("aws_x.moved", ["no-op"], "low", { previous_address: "aws_x.before" }),
    change("aws_x.taken", ["create"], "low", { import_id: "i-1" }),
  ];
  const addresses = async (query: string, run = made["planned"]): Promise<string[]> =>
    (await world.ok("GET", `/api/runs/${run}/changes?${query}`)).changes.map(({ address }: { address: string }) => address);

  beforeAll(async () => {
    const run_id = made["planned"] as string;
    const rows = changes.map((data, position) => ({ run_id, position, risk: data.risk, address: data.address, data }));
    await world.db.prisma.run_changes.createMany({ data: rows });
  });

  it("come in the order of their risk, page by page", async () => {
    const path = `/api/runs/${made["planned"]}/changes?limit=3`;
    const first = await world.ok("GET", path);
    const rest = await world.ok("GET", `${path}&cursor=${first.next_cursor}`);
    expect([...first.changes, ...rest.changes]).toEqual(changes);
    expect(rest.next_cursor).toBeNull();
    refused(await world.call("GET", `${path}&cursor=abc`), 400, "bad_cursor");
  });

  it.each([
    ["action=replace", ["aws_db.Main"]],
    ["action=delete", ["module.net.aws_vpc.a"]],
    ["action=move", ["aws_x.moved"]],
    ["action=import", ["aws_x.taken"]],
    ["action=no-op", ["aws_x.moved"]],
    ["risk=low&q=TAKEN", ["aws_x.taken"]],
    ["q=%25", []],
    ["module=module.net", ["module.net.aws_vpc.a"]],
    ["module=&risk=high", ["aws_db.Main"]],
  ])("are narrowed by %s", async (query, expected) => {
    expect(await addresses(query)).toEqual(expected);
  });

  it("of an apply are those of its plan", async () => {
    const { id } = await world.plan(capsule.id);
    await world.db.prisma.runs.update({ where: { id }, data: { status: "failed", kind: "apply", plan_run_id: made["planned"] as string } });
    expect(await addresses("", id)).toHaveLength(4);
  });
});
