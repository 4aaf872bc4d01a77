import { verifyChain } from "@takosumi/db/audit-verify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../src/base-state.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
let close: () => Promise<void>;
beforeAll(async () => ({ world, close } = await openWorld()));
afterAll(() => close());
const reason = (details: object) => expect.objectContaining({ details: expect.objectContaining(details) });

describe("a plan and its apply", () => {
  test("plan, approve, apply: one state version, the Capsule free, every step audited", async () => {
    const capsule = await world.capsule();
    const planned = await world.planned(capsule);
    expect(planned).toMatchObject({ status: "planned", tool_version: "1.12.6", has_changes: true });
    const queued = await world.approve(planned, planned.plan_digest ?? "");
    expect(queued).toMatchObject({ kind: "apply", status: "queued", plan_run_id: planned.id });
    expect((await world.again(capsule)).lock_run_id).toBe(queued.id);
    const lease = await world.claimed(await world.runner());
    expect(lease.sealed?.plan.digest).toBe(planned.plan_digest);
    expect(await world.applied(lease)).toMatchObject({ status: "succeeded", state_version_id: expect.stringMatching(/^sv_/) });
    expect(await world.again(capsule)).toMatchObject({ lock_run_id: null, status: "active", state_tool_version: "1.12.6" });
    expect((await world.run(planned)).status).toBe("approved");
    expect(await verifyChain(world.db, capsule.workspace_id)).toMatchObject({ ok: true });
  });

  test("approve twice answers with the same Run; another digest is refused", async () => {
    const planned = await world.planned(await world.capsule());
    await expect(world.approve(planned, `sha256:${"0".repeat(64)}`)).rejects.toEqual(reason({ reason: "digest_mismatch" }));
    const [first, second] = [await world.approve(planned), await world.approve(planned)];
    expect(second.id).toBe(first.id);
    await world.applied(await world.claimed(await world.runner()));
    expect((await world.approve(planned)).id).toBe(first.id);
  });

  test("of many approvals at once, one apply", async () => {
    const planned = await world.planned(await world.capsule());
    const answers = await Promise.all(Array.from({ length: 6 }, () => world.approve(planned)));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    await world.applied(await world.claimed(await world.runner()));
  });

  test("a plan on an older state is stale once another was applied", async () => {
    const capsule = await world.capsule();
    const [one, other] = [await world.planned(capsule), await world.planned(capsule)];
    await world.approve(one);
    await expect(world.approve(other)).rejects.toEqual(reason({ reason: "locked" }));
    await world.applied(await world.claimed(await world.runner()));
    expect((await world.run(other)).status).toBe("stale");
    await expect(world.approve(other)).rejects.toEqual(reason({ reason: "stale" }));
  });

  test("a changed configuration makes waiting plans stale", async () => {
    const capsule = await world.capsule();
    const planned = await world.planned(capsule);
    await world.db.transaction((tx) => world.engine.staleOnConfigChange(tx, capsule));
    await expect(world.approve(planned)).rejects.toEqual(reason({ reason: "stale" }));
  });

  test("a plan without changes succeeds and cannot be approved", async () => {
    await world.plan(await world.capsule());
    const run = await world.finishPlan(await world.claimed(await world.runner()), { has_changes: false });
    expect(run.status).toBe("succeeded");
    await expect(world.approve(run)).rejects.toEqual(reason({ reason: "not_planned" }));
  });

  test("an apply by POST waits for its approval, once a plan; approving the plan approves it", async () => {
    const planned = await world.planned(await world.capsule());
    const { actor } = planned;
    const waiting = await world.db.transaction((tx) =>
      world.engine.createWrite(tx, { plan: planned, actor, message: null, approvedBy: null }),
    );
    expect(waiting.status).toBe("awaiting_approval");
    await expect(
      world.db.transaction((tx) => world.engine.createWrite(tx, { plan: planned, actor, message: null, approvedBy: null })),
    ).rejects.toEqual(reason({ run_id: waiting.id }));
    expect(await world.approve(planned)).toMatchObject({ id: waiting.id, status: "queued" });
    await world.applied(await world.claimed(await world.runner()));
  });

  test("a destroy that leaves nothing makes the Capsule destroyed", async () => {
    const capsule = await world.capsule();
    const planned = await world.planned(capsule, { mode: "destroy" });
    expect((await world.approve(planned)).kind).toBe("destroy");
    const lease = await world.claimed(await world.runner());
    const state = { ...(await world.state(lease, 1)), resource_count: 0 };
    const tool = { name: "opentofu", version: "1.12.6", digest: state.digest } as const;
    const summary = { add: 0, change: 0, destroy: 1, import: 0, move: 0, forget: 0 };
    await world.engine.complete(lease.held, { result: "applied", tool, state, summary, diagnostics: [], duration_ms: 1 });
    expect((await world.again(capsule)).status).toBe("destroyed");
  });

  test("discard, cancel and retry each answer once", async () => {
    const planned = await world.planned(await world.capsule());
    expect((await world.db.transaction((tx) => world.engine.discard(tx, planned, "no"))).run.status).toBe("discarded");
    await expect(world.approve(planned)).rejects.toEqual(reason({ reason: "discarded" }));
    await expect(world.db.transaction((tx) => world.engine.cancel(tx, planned, planned.actor, null))).rejects.toEqual(
      reason({ reason: "terminal" }),
    );

    const other = await world.planned(await world.capsule());
    const queued = await world.approve(other);
    expect((await world.db.transaction((tx) => world.engine.cancel(tx, queued, queued.actor, null))).run.status).toBe("cancelled");
    const again = await world.db.transaction((tx) => world.engine.retryWrite(tx, queued, queued.actor, null));
    expect(again).toMatchObject({ status: "awaiting_approval", plan_run_id: other.id, retry_of_run_id: queued.id });
    await world.approve(again);
    const applied = await world.applied(await world.claimed(await world.runner()));
    await expect(world.db.transaction((tx) => world.engine.retryWrite(tx, applied, applied.actor, null))).rejects.toEqual(
      reason({ reason: "plan_again" }),
    );
  });
});

describe("the seal", () => {
  const columns = ["plan_digest", "work_tree_digest", "provider_lock_digest", "variable_set_digest", "base_digest", "tool_digest"];
  const taken = ["module_path", "base_digest", "variable_set_digest", "tool_digest"];
  const set = (table: string, column: string, id: string, value = "sha256:0") =>
    world.db.query({ name: `tamper_${table}_${column}`, text: `UPDATE ${table} SET ${column} = $2 WHERE id = $1`, reads: false }, [
      id,
      value,
    ]);
  const refused = async (queued: { id: string }) => {
    expect(await world.claim(await world.runner())).toBeNull();
    expect(await world.run(queued)).toMatchObject({ status: "failed", error: { code: "SEAL_MISMATCH" } });
  };

  test.each(columns)("a changed %s of the plan: nothing is handed out", async (column) => {
    const planned = await world.planned(await world.capsule());
    const queued = await world.approve(planned);
    await set("runs", column, planned.id);
    await refused(queued);
  });

  test.each(taken)("a changed %s of the apply: nothing is handed out", async (column) => {
    const queued = await world.approve(await world.planned(await world.capsule()));
    await set("runs", column, queued.id);
    await refused(queued);
  });

  test("whether it destroys anything, and which bytes its source has, is sealed too", async () => {
    const planned = await world.planned(await world.capsule());
    const queued = await world.approve(planned);
    await world.db.query({ name: "tamper_destroys", text: `UPDATE runs SET destroys = NOT destroys WHERE id = $1`, reads: false }, [
      planned.id,
    ]);
    await refused(queued);
    const other = await world.planned(await world.capsule());
    const next = await world.approve(other);
    await set("source_snapshots", "digest", other.source_snapshot_id as string);
    await refused(next);
  });

  test.each(["source", "work"] as const)("stored %s bytes that are gone: nothing is handed out", async (kind) => {
    const capsule = await world.capsule();
    const planned = await world.planned(capsule);
    const queued = await world.approve(planned);
    const digest = kind === "work" ? (planned.work_digest as string) : digestOf(planned.source_snapshot_id as string);
    await world.blobs.remove({ workspace: capsule.workspace_id, kind, digest });
    await refused(queued);
  });

  test("a variable set that was sealed elsewhere, or is not that of its digest: nothing is handed out", async () => {
    const [one, other] = [await world.planned(await world.capsule()), await world.planned(await world.capsule())];
    const queued = await world.approve(one);
    await set("runs", "variable_set", one.id, other.variable_set);
    await refused(queued);
  });

  test("an approver who lost the permission: not executed", async () => {
    const capsule = await world.capsule();
    const queued = await world.approve(await world.planned(capsule));
    await world.db.query({ name: "test_demote", text: `UPDATE members SET role = 'viewer' WHERE workspace_id = $1`, reads: false }, [
      capsule.workspace_id,
    ]);
    expect(await world.claim(await world.runner())).toBeNull();
    expect(await world.run(queued)).toMatchObject({ status: "cancelled", error: { code: "APPROVER_LOST_PERMISSION" } });
    expect((await world.again(capsule)).lock_run_id).toBeNull();
  });
});
