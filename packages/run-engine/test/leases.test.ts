import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Held } from "../src/lease.ts";
import { engineDefaults } from "../src/settings.ts";
import { sweep } from "../src/sweep.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
let close: () => Promise<void>;
beforeAll(async () => ({ world, close } = await openWorld()));
afterAll(() => close());
const reason = (details: object) => expect.objectContaining({ details: expect.objectContaining(details) });
const sweeping = () => {
  const resources = { db: world.db, blobs: world.blobs, settings: engineDefaults } as Parameters<typeof sweep>[0];
  return sweep(resources, true, (error) => expect.fail(String(error)));
};
/** The runner got the plan: from here on it may be at work. */
const handedOut = (held: Parameters<typeof world.engine.openInput>[0]) => world.engine.openInput(held, "plan");
const log = (text: string) => ({ type: "log", at: new Date().toISOString(), text }) as const;

describe("leases", () => {
  test("many claims at once hand each Run out once", async () => {
    const runner = await world.runner();
    const made = await Promise.all(Array.from({ length: 12 }, async () => world.plan(await world.capsule())));
    const leases = await Promise.all(Array.from({ length: 20 }, () => world.claim(runner)));
    const taken = leases.flatMap((lease) => lease?.run_id ?? []);
    expect(taken.toSorted()).toEqual(made.map(({ id }) => id).toSorted());
    for (const lease of leases)
      if (lease) await world.failed({ ...lease, held: { run_id: lease.run_id, runner_id: runner, epoch: lease.epoch } });
  });

  test("a waiting claim is woken by a new Run", async () => {
    const waiting = world.claim(await world.runner(), 30_000);
    const run = await world.plan(await world.capsule());
    const lease = await waiting;
    expect(lease?.run_id).toBe(run.id);
  });

  test("a plan that was taken over accepts nothing of the old lease", async () => {
    const run = await world.plan(await world.capsule());
    const old = await world.claimed(await world.runner());
    await world.lapse(run);
    await sweeping();
    expect((await world.run(run)).status).toBe("queued");
    const fresh = await world.claimed(await world.runner());
    expect(fresh.epoch).toBeGreaterThan(old.epoch);
    await expect(world.engine.takeEvents(old.held, 1, [log("late\n")])).rejects.toThrow();
    await expect(world.engine.renew(old.held, 0, AbortSignal.abort())).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(world.finishPlan({ ...fresh, held: old.held })).rejects.toThrow();
    expect((await world.finishPlan(fresh)).status).toBe("planned");
  });

  test("a plan is tried three times", async () => {
    const run = await world.plan(await world.capsule());
    for (let attempt = 0; attempt < 3; attempt++) {
      await world.claimed(await world.runner());
      await world.lapse(run);
      await sweeping();
    }
    expect(await world.run(run)).toMatchObject({ status: "failed", error: { code: "LEASE_LOST" } });
  });

  test("a plan that a stopping runner hands back is queued at once, as often as a lost one", async () => {
    const run = await world.plan(await world.capsule());
    const handBack = async () => {
      const lease = await world.claimed(await world.runner());
      const error = { code: "runner_stopped", message: "The runner was stopped", details: null };
      const nothing = { tool: null, diagnostics: [], state: null, summary: null, duration_ms: 1 };
      return { lease, ended: await world.engine.complete(lease.held, { result: "failed", error, ...nothing }) };
    };
    const first = await handBack();
    expect(first.ended).toMatchObject({ status: "queued", attempts: 1, lease_runner_id: null, phases: [], error: null });
    await expect(world.engine.takeEvents(first.lease.held, 1, [log("late\n")])).rejects.toThrow();
    expect((await handBack()).ended).toMatchObject({ status: "queued", attempts: 2 });
    expect((await handBack()).ended).toMatchObject({ status: "failed", error: { code: "runner_stopped" } });
    expect((await world.run(run)).attempts).toBe(3);
  });

  test("an apply that its runner gave back before it began is queued again, still approved; one that was begun is not", async () => {
    const queued = await world.approve(await world.planned(await world.capsule()));
    const stopped = { code: "runner_stopped", message: "The runner was stopped", details: null };
    const back = { error: stopped, tool: null, diagnostics: [], state: null, summary: null, duration_ms: 1 };
    const first = await world.claimed(await world.runner());
    expect(await world.engine.complete(first.held, { ...back, result: "failed" })).toMatchObject({
      id: queued.id,
      status: "queued",
      approved_by: queued.approved_by,
    });
    const second = await world.claimed(await world.runner());
    expect([second.run_id, second.sealed?.plan.digest]).toEqual([queued.id, first.sealed?.plan.digest]);
    expect(second.epoch).toBeGreaterThan(first.epoch);
    const summary = { add: 0, change: 0, destroy: 0, import: 0, move: 0, forget: 0 };
    await world.engine.complete(second.held, { ...back, result: "failed", summary });
    expect(await world.run(queued)).toMatchObject({ status: "failed", error: { code: "runner_stopped" } });
    expect(await world.claim(await world.runner())).toBeNull();
  });

  test("a lease that its runner never heard of is offered to it again, under a higher epoch", async () => {
    await world.approve(await world.planned(await world.capsule()));
    const runner = await world.runner();
    const missed = await world.claimed(runner);
    const again = (of: string, holding: string[]) =>
      world.engine.claim({ runner_id: of, pool: "default", tools: ["opentofu"], holding }, 0, AbortSignal.timeout(60_000));
    // Too early: a live runner may be about to renew.
    expect(await again(runner, [])).toBeNull();
    await world.silent(missed, 5);
    expect(await again(await world.runner(), [])).toBeNull();
    expect(await again(runner, [missed.run_id])).toBeNull();
    expect(await world.claim(runner)).toBeNull();
    const lease = await again(runner, ["run_another"]);
    expect(lease).toMatchObject({ run_id: missed.run_id, epoch: missed.epoch + 1 });
    await expect(world.engine.takeEvents(missed.held, 1, [log("late\n")])).rejects.toEqual(reason({ reason: "old_epoch" }));
    const held = { run_id: missed.run_id, runner_id: runner, epoch: missed.epoch + 1 };
    expect((await world.applied({ ...missed, held })).status).toBe("succeeded");
  });

  test.each([
    ["renewed", (held: Held) => world.engine.renew(held, 0, AbortSignal.abort())],
    ["said something", (held: Held) => world.engine.takeEvents(held, 1, [log("begun\n")])],
  ])("one that %s is not offered again, whatever its runner says", async (_, live) => {
    await world.approve(await world.planned(await world.capsule()));
    const runner = await world.runner();
    const lease = await world.claimed(runner);
    await live(lease.held);
    await world.silent(lease, 5);
    const claiming = { runner_id: runner, pool: "default", tools: ["opentofu"], holding: [] };
    expect(await world.engine.claim(claiming, 0, AbortSignal.timeout(60_000))).toBeNull();
    await world.applied(lease);
  });

  test("an apply of which nothing was handed out waits again, and its old lease gets nothing", async () => {
    const capsule = await world.capsule();
    await world.approve(await world.planned(capsule));
    const lost = await world.claimed(await world.runner());
    await world.lapse({ id: lost.run_id });
    await sweeping();
    expect(await world.run({ id: lost.run_id })).toMatchObject({ status: "queued", lease_runner_id: null });
    expect((await world.again(capsule)).lock_run_id).toBe(lost.run_id);
    await expect(world.engine.openInput(lost.held, "plan")).rejects.toThrow();
    const fresh = await world.claimed(await world.runner());
    expect(fresh.run_id).toBe(lost.run_id);
    await expect(world.engine.openInput(lost.held, "plan")).rejects.toThrow();
    expect((await world.applied(fresh)).status).toBe("succeeded");
  });

  test("an apply of which nothing was handed out, and that was cancelled, is over", async () => {
    const capsule = await world.capsule();
    const run = await world.approve(await world.planned(capsule));
    await world.claimed(await world.runner());
    await world.db.transaction((tx) => world.engine.cancel(tx, run, { id: "usr_1", kind: "user", name: "a" }, null));
    await world.lapse(run);
    await sweeping();
    expect((await world.run(run)).status).toBe("cancelled");
    expect((await world.again(capsule)).lock_run_id).toBeNull();
  });

  test("an apply that its runner itself gave up is not brought back by a renewal that was on its way", async () => {
    const capsule = await world.capsule();
    await world.approve(await world.planned(capsule));
    const lease = await world.claimed(await world.runner());
    const error = { code: "TOOL_KILLED", message: "killed", details: null };
    await world.engine.complete(lease.held, { result: "state_unsaved", tool: null, error, diagnostics: [] });
    await expect(world.engine.renew(lease.held, 0, AbortSignal.abort())).rejects.toEqual(reason({ reason: "old_epoch" }));
    expect(await world.run({ id: lease.run_id })).toMatchObject({ status: "needs_recovery", error });
    expect(await world.engine.resume(lease.held.runner_id, [{ run_id: lease.run_id, epoch: lease.epoch }])).toEqual([]);
  });

  test("a lost apply needs recovery and holds its Capsule; its own runner may still complete it", async () => {
    const capsule = await world.capsule();
    await world.approve(await world.planned(capsule));
    const lease = await world.claimed(await world.runner());
    await handedOut(lease.held);
    await world.lapse({ id: lease.run_id });
    await sweeping();
    expect((await world.run({ id: lease.run_id })).status).toBe("needs_recovery");
    expect((await world.again(capsule)).lock_run_id).toBe(lease.run_id);
    await world.engine.renew(lease.held, 0, AbortSignal.abort());
    expect((await world.run({ id: lease.run_id })).status).toBe("running");
    expect((await world.applied(lease)).status).toBe("succeeded");
  });

  test("recover adopts the checkpoint, raises the epoch, and frees the Capsule", async () => {
    const capsule = await world.capsule();
    await world.approve(await world.planned(capsule));
    const lease = await world.claimed(await world.runner());
    const checkpoint = await world.state(lease, 1, "checkpoint", [
      { mode: "managed", type: "t", name: "kept", instances: [{ attributes: { id: "1" } }] },
    ]);
    const at = new Date().toISOString();
    const resource = (address: string, state: "started" | "completed", id: string | null) =>
      ({ type: "resource", at, address, action: "create", state, id, elapsed_seconds: null }) as const;
    await world.engine.takeEvents(lease.held, 1, [
      resource("t.kept", "completed", "1"),
      resource("t.lost", "completed", "2"),
      resource("t.open", "started", null),
    ]);
    await world.lapse({ id: lease.run_id });
    await sweeping();
    const lost = await world.run({ id: lease.run_id });
    expect(lost.recovery?.ledger.map(({ address, state }) => `${address} ${state}`)).toEqual(["t.lost completed", "t.open started"]);
    expect(lost.recovery?.ledger[0]?.import_block).toContain('id = "2"');
    const { actor } = lost;
    const asked = { action: "adopt_checkpoint", digest: checkpoint.digest, state: undefined, ledger_acknowledged: false, actor } as const;
    await expect(world.engine.prepareRecovery(lost, asked)).rejects.toEqual(reason({ reason: "ledger_unacknowledged" }));
    const prepared = await world.engine.prepareRecovery(lost, { ...asked, ledger_acknowledged: true });
    const ended = await world.db.transaction((tx) => world.engine.recover(tx, lost, prepared));
    expect(ended).toMatchObject({ status: "failed", recovery: { resolution: { action: "adopt_checkpoint" } } });
    expect(await world.again(capsule)).toMatchObject({ lock_run_id: null, resource_count: 1 });
    await expect(world.applied(lease)).rejects.toThrow();
  });
});

test("a checkpoint that is gone or damaged keeps no lost apply from its recovery: the ledger names all that was begun", async () => {
  const capsule = await world.capsule();
  await world.approve(await world.planned(capsule));
  const lease = await world.claimed(await world.runner());
  const resources = [{ mode: "managed", type: "t", name: "kept", instances: [{ attributes: { id: "1" } }] }];
  const { digest } = await world.state(lease, 1, "checkpoint", resources);
  const at = new Date().toISOString();
  const created = {
    type: "resource",
    at,
    address: "t.kept",
    action: "create",
    state: "completed",
    id: "1",
    elapsed_seconds: null,
  } as const;
  await world.engine.takeEvents(lease.held, 1, [created]);
  await world.blobs.remove({ workspace: lease.workspace_id, kind: "state", digest });
  await world.lapse({ id: lease.run_id });
  await sweeping();
  const lost = await world.run({ id: lease.run_id });
  expect(lost).toMatchObject({ status: "needs_recovery", recovery: { checkpoint: null } });
  expect(lost.recovery?.ledger.map(({ address, state, id }) => `${address} ${state} ${id}`)).toEqual(["t.kept completed 1"]);
});

describe("events", () => {
  test("a batch counts once, a repeat answers the same, a gap is refused, secrets are redacted", async () => {
    const secret = "s3cret-value-of-run";
    await world.plan(
      await world.capsule(undefined, [{ name: "token", kind: "tofu", value: secret, sensitive: true, secret_id: null, sealed: null }]),
    );
    const lease = await world.claimed(await world.runner());
    expect(await world.engine.takeEvents(lease.held, 1, [log("one\n"), log(`two ${secret}\n`)])).toBe(2);
    expect(await world.engine.takeEvents(lease.held, 1, [log("one\n"), log("two\n")])).toBe(2);
    expect(await world.engine.takeEvents(lease.held, 2, [log("two\n"), log("drei ü\n")])).toBe(3);
    await expect(world.engine.takeEvents(lease.held, 9, [log("gap\n")])).rejects.toEqual(reason({ last_sequence: 3 }));
    const run = await world.run({ id: lease.run_id });
    const whole = await world.engine.readLog(run, 0, 1_000);
    expect(whole.log).toBe("one\ntwo [redacted token]\ndrei ü\n");
    const parts: string[] = [];
    for (let at = 0; at < whole.next_offset; ) {
      const part = await world.engine.readLog(run, at, 5);
      parts.push(part.log);
      at = part.next_offset;
    }
    expect(parts.join("")).toBe(whole.log);
    await world.failed(lease);
    expect((await world.engine.readLog(await world.run(run), whole.next_offset, 10)).complete).toBe(true);
  });
});

describe("the queue", () => {
  test("Workspaces take turns, however much each has queued", async () => {
    const busy = await world.capsule();
    for (let i = 0; i < 30; i++) await world.plan(busy);
    const quiet = await world.capsule();
    for (let i = 0; i < 5; i++) await world.plan(quiet);
    const runner = await world.runner();
    const order: string[] = [];
    for (let i = 0; i < 35; i++) {
      const lease = await world.claimed(runner);
      order.push(lease.workspace_id);
      await world.failed(lease);
    }
    expect(order.slice(0, 12).filter((id) => id === quiet.workspace_id).length).toBe(5);
  });

  test("a queued Run says why it waits", async () => {
    const capsule = await world.capsule();
    await world.approve(await world.planned(capsule));
    const behind = await world.plan(capsule);
    expect(await world.engine.queueOf(world.db, behind)).toMatchObject({
      code: "capsule_locked",
      run_id: (await world.again(capsule)).lock_run_id,
    });
  });
});
