import { caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, refused } from "./deploy.ts";
import { registered } from "./samples.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());

let pools = 0;
const freshPool = (as = world.call) => world.pool(`pool-${++pools}`, as);
const tools = [{ name: "opentofu", version: "1.12.6" }];
const claim = async (token: string, runner: string, wait_seconds = 0) =>
  caller(world.api.url, token)("POST", "/api/runner/claim", { body: { runner_id: runner, wait_seconds, tools } });
/** A queued plan in a pool, as a policy would put it there. */
async function queuedIn(pool: string): Promise<string> {
  const { id } = await world.plan((await world.capsule()).id);
  await world.db.prisma.runs.update({ where: { id }, data: { pool } });
  return id;
}
const defaultRunner = async () => {
  const told = { instance: `i_${++pools}`, name: "r", version: "1", slots: 2, tools, sandbox: { kind: "none", not_isolated: [] } };
  const answer = await caller(world.api.url, world.api.runnerToken)("POST", "/api/runner/register", { body: told });
  return answer.body.runner.id as string;
};
const plain = async () => {
  const { body } = await world.call("POST", "/api/runner-pools/default/tokens", { body: { name: "more" } });
  return body.token as string;
};

describe("pools", () => {
  it("the instance's own is there from the start; a Workspace makes more for itself", async () => {
    const made = await freshPool();
    const { runner_pools } = await world.ok("GET", "/runner-pools");
    expect(runner_pools[0]).toMatchObject({ id: "default", name: "default", workspace_id: null });
    expect(runner_pools).toContainEqual({ ...made, runners: { online: 0, total: 0 } });
    const stranger = await world.stranger();
    const seen = (await world.ok("GET", "/api/runner-pools", undefined, stranger)).runner_pools;
    expect(seen.map(({ id }: { id: string }) => id)).toEqual(["default"]);
    // A name is taken in its Workspace alone.
    refused(await world.call("POST", "/api/runner-pools", { body: { name: made.name } }), 409, "name_taken", made.name);
    expect((await world.pool(made.name, stranger)).id).not.toBe(made.id);
  });

  it.each(["", "Default", "default", "-a", "a-", "a b", "x".repeat(64)])("%j is no name of one", async (name) => {
    const answer = await world.call("POST", "/api/runner-pools", { body: { name } });
    refused(answer, 400, "invalid", "name");
  });

  it("give out their own Runs and no other's", async () => {
    const pool = await freshPool();
    const { token, runner } = await registered(world.call, pool.id);
    const [theirs, ours] = [await queuedIn("default"), await queuedIn(pool.id)];
    expect((await claim(token, runner)).body.lease).toMatchObject({ run_id: ours });
    expect((await claim(token, runner)).body.lease).toBeNull();
    expect((await claim(world.api.runnerToken, await defaultRunner())).body.lease).toMatchObject({ run_id: theirs });
    const { run } = await world.ok("GET", `/api/runs/${ours}`);
    expect(run.runner).toMatchObject({ id: runner, pool: pool.name });
  });

  it("say by name which of them a Run waits for", async () => {
    const pool = await freshPool();
    const waiting = await queuedIn(pool.id);
    const { run } = await world.ok("GET", `/api/runs/${waiting}`);
    expect(run.queue).toMatchObject({ code: "no_runner", reason: expect.stringContaining(`"${pool.name}"`) });
  });
});

describe("tokens of a pool", () => {
  it("are shown once, kept as a hash, listed without either, and revoked at once", async () => {
    const pool = await freshPool();
    const { runner_token, token } = await world.ok("POST", `/runner-pools/${pool.id}/tokens`, { name: "  prod-1 " });
    expect(token).toMatch(/^tak_run_[A-Za-z0-9_-]{43}$/);
    expect(runner_token).toMatchObject({ name: "prod-1", pool_id: pool.id, created_by: { name: "Owner" }, revoked_at: null });
    const row = await world.db.prisma.runner_tokens.findUniqueOrThrow({ where: { id: runner_token.id } });
    expect(JSON.stringify(row)).not.toContain(token);
    const list = async () => world.ok("GET", `/api/runner-pools/${pool.id}/tokens`);
    expect(await list()).toEqual({ runner_tokens: [runner_token], next_cursor: null });

    const { runner, token: own } = await registered(world.call, pool.id);
    // Nobody acts as a runner of another token.
    refused(await claim(token, runner), 404, undefined);
    const [mine] = (await list()).runner_tokens.filter(({ id }: { id: string }) => id !== runner_token.id);
    expect((await world.call("DELETE", `/runner-tokens/${mine.id}`)).status).toBe(204);
    refused(await claim(own, runner), 401, "revoked");
    const [revoked] = (await list()).runner_tokens.filter(({ id }: { id: string }) => id === mine.id);
    expect(revoked.revoked_at).not.toBeNull();
    // Twice is the same.
    expect((await world.call("DELETE", `/runner-tokens/${mine.id}`)).status).toBe(204);
    const { events } = await world.ok("GET", "/audit?action=runner_token.created");
    expect(JSON.stringify(events)).not.toContain(token);
    expect((await world.ok("GET", "/audit?action=runner_token.revoked")).events[0]).toMatchObject({ target: { id: mine.id } });
  });

  it("that are revoked take nothing, not even where a claim waits already", async () => {
    const pool = await freshPool();
    const { id, runner, token } = await registered(world.call, pool.id);
    const waiting = claim(token, runner, 3);
    await world.call("DELETE", `/runner-tokens/${id}`);
    await queuedIn(pool.id);
    await world.db.transaction((tx) => tx.notify("takosumi_queue", pool.id));
    expect((await waiting).body.lease).toBeNull();
  });

  it("of the instance's pool are an instance admin's to make, and of nobody else", async () => {
    const stranger = await world.stranger();
    refused(await stranger("POST", "/api/runner-pools/default/tokens", { body: { name: "mine" } }), 403, "role");
    refused(await stranger("GET", "/api/runner-pools/default/tokens"), 403, "role");
    expect(await plain()).toMatch(/^tak_run_/);
    const { events } = await world.ok("GET", "/audit?action=runner_token.created");
    expect(events.some(({ metadata }: { metadata: { pool: string } }) => metadata.pool === "default")).toBe(false);
  });
});

describe("a runner that drains", () => {
  const drain = (runner: string, body: object = {}, as = world.call) => as("POST", `/runners/${runner}/drain`, { body });

  it("gets no more Runs, keeps what it has, and gets some again when it is told to", async () => {
    const pool = await freshPool();
    const { token, runner } = await registered(world.call, pool.id);
    const kept = await queuedIn(pool.id);
    const { lease } = (await claim(token, runner)).body;
    const drained = await drain(runner);
    expect(drained).toMatchObject({ status: 200, body: { runner: { status: "draining", slots: { total: 2, busy: 1 } } } });
    const next = await queuedIn(pool.id);
    expect((await claim(token, runner)).body.lease).toBeNull();
    const renewed = await caller(world.api.url, token)("POST", `/api/runner/runs/${kept}/renew`, {
      body: { runner_id: runner, epoch: lease.epoch, wait_seconds: 0 },
    });
    expect(renewed.status).toBe(200);
    const queue = (await world.ok("GET", `/api/runs/${next}`)).run.queue;
    expect(queue).toMatchObject({ code: "no_runner" });
    // It waits with its claim meanwhile, instead of asking again at once, and is answered as soon as it may be.
    const waiting = claim(token, runner, 20);
    await drain(runner, { draining: false });
    expect((await waiting).body.lease).toMatchObject({ run_id: next });
    const { events } = await world.ok("GET", "/audit?action=runner.drained");
    expect(events.map(({ metadata }: { metadata: object }) => metadata)).toMatchObject([{ draining: false }, { draining: true }]);
  });

  it("is drained by who may: of the Workspace's pool its admins, of the instance's an instance admin", async () => {
    const pool = await freshPool();
    const { runner } = await registered(world.call, pool.id);
    const { workspace_id } = pool;
    refused(await drain(runner, {}, await world.member(workspace_id, "editor")), 403, "role");
    expect((await drain(runner, {}, await world.member(workspace_id, "admin"))).status).toBe(200);
    const shared = await defaultRunner();
    refused(await drain(shared, {}, await world.stranger()), 403, "role");
    expect((await drain(shared)).status).toBe(200);
    refused(await drain(runner, {}, await world.stranger()), 404, undefined);
  });
});
