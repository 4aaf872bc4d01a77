import { createHmac } from "node:crypto";
import { statement } from "@takosumi/db/sql";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { type HeldRun, ProtocolRunner, taken } from "@takosumi/testkit/held-run";
import { type Hooked, type HookServer, startHookServer } from "@takosumi/testkit/hook-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, fieldPaths, refused } from "./deploy.ts";

let world: DeployWorld;
let hooks: HookServer;
let runner: ProtocolRunner;
let project: { readonly id: string; readonly workspace_id: string };
let made = 0;
const loopback = { TAKOSUMI_WEBHOOK_PRIVATE_HOSTS: "127.0.0.0/8" };
beforeAll(async () => {
  hooks = await startHookServer();
  world = await DeployWorld.start(loopback);
  runner = await ProtocolRunner.open(world.api.url, world.api.runnerToken);
  project = await world.project();
});
afterAll(async () => {
  await world?.close();
  await hooks?.close();
});

interface Hook {
  readonly id: string;
  readonly path: string;
  readonly at: string;
  readonly secret: string;
}
const space = "/api/spaces/me/webhooks";
async function hook(events: readonly string[] = ["run.failed"]): Promise<Hook> {
  const path = `/hook${++made}`;
  const { webhook, secret } = await world.ok("POST", space, { url: hooks.url + path, events });
  return { id: webhook.id, path, at: `${space}/${webhook.id}`, secret };
}
/** What only `at` hears from here on: the webhooks of earlier tests are told of every Run, too. */
const removeAll = () => world.db.prisma.webhooks.deleteMany({ where: { workspace_id: project.workspace_id } });

async function running(): Promise<HeldRun> {
  const capsule = await world.capsule({ project_id: project.id, name: `c${++made}` });
  await world.plan(capsule.id);
  return runner.claimed(20);
}
async function failedRun(): Promise<string> {
  const held = await running();
  taken(await held.fail());
  return held.lease.run_id;
}
const deliveries = async ({ at }: Hook) => (await world.ok("GET", `${at}/deliveries`)).deliveries;
const newest = async (of: Hook) => (await deliveries(of))[0];
const ended = (of: Hook, state: string) => expect.poll(async () => (await newest(of)).state, { timeout: 10_000 }).toBe(state);
const attempted = (of: Hook, attempts: number) =>
  expect.poll(async () => ((await newest(of)).error === null ? 0 : (await newest(of)).attempts), { timeout: 10_000 }).toBe(attempts);
const due = statement("test_hook_due", "UPDATE webhook_deliveries SET due_at = now() WHERE webhook_id = $1 AND state = 'waiting'");
const free = statement("test_hook_free", "UPDATE webhooks SET paused_until = NULL WHERE id = $1");
/** As if the time until the next try were over. */
const timePasses = (id: string) =>
  world.db.transaction(async (tx) => {
    await tx.query(due, [id]);
    await tx.query(free, [id]);
    await tx.notify("takosumi_webhook", "");
  });
const macOf = (secret: string, { headers, body }: Hooked) =>
  `sha256=${createHmac("sha256", secret).update(`${headers["x-takosumi-timestamp"]}.${body}`).digest("hex")}`;

describe("a webhook", () => {
  it("is told of a Run once, signed over time and body, and its delivery is on record", async () => {
    const to = await hook();
    const other = await hook(["run.completed"]);
    const run = await failedRun();
    const [got] = (await hooks.of(to.path, 1)) as [Hooked];
    expect(got.headers["x-takosumi-signature"]).toBe(macOf(to.secret, got));
    expect(Math.abs(Number(got.headers["x-takosumi-timestamp"]) - Date.now() / 1_000)).toBeLessThan(60);
    expect(got.headers).toMatchObject({ "content-type": "application/json", "x-takosumi-event": "run.failed" });
    const body = JSON.parse(got.body);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^evt_/),
      type: "run.failed",
      space_id: project.workspace_id,
      url: `${world.api.url}/console/runs/${run}`,
      data: { run_id: run, status: "failed", error_code: "TEST", title: expect.stringContaining("failed"), body: "a test says so" },
    });
    await ended(to, "delivered");
    const [only, ...more] = await deliveries(to);
    expect(only).toMatchObject({
      id: got.headers["x-takosumi-delivery"],
      event_id: body.id,
      attempts: 1,
      response_status: 204,
      error: null,
    });
    expect([more, await deliveries(other)]).toEqual([[], []]);
  });

  it("is tried again after a 500, with the same body signed anew, and then left alone no longer", async () => {
    await removeAll();
    const to = await hook();
    hooks.answer(to.path, 500);
    await failedRun();
    await attempted(to, 1);
    expect(await newest(to)).toMatchObject({ state: "waiting", response_status: 500, error: "answered 500", due_at: expect.any(String) });
    const { webhook } = await world.ok("GET", to.at);
    expect(webhook).toMatchObject({ failures: 1, paused_until: expect.any(String) });
    await timePasses(to.id);
    const [first, second] = (await hooks.of(to.path, 2)) as [Hooked, Hooked];
    expect(second.body).toBe(first.body);
    expect(second.headers["x-takosumi-delivery"]).toBe(first.headers["x-takosumi-delivery"]);
    await ended(to, "delivered");
    expect((await world.ok("GET", to.at)).webhook).toMatchObject({ failures: 0, paused_until: null });
  });

  it("is given up after so many tries", async () => {
    await removeAll();
    const to = await hook();
    hooks.answer(to.path, ...Array.from({ length: 3 }, () => 500));
    await failedRun();
    await attempted(to, 1);
    await world.db.prisma.webhook_deliveries.updateMany({ where: { webhook_id: to.id }, data: { attempts: 19 } });
    await timePasses(to.id);
    await ended(to, "dead");
    expect(await newest(to)).toMatchObject({ attempts: 20, due_at: null, ended_at: expect.any(String) });
  });

  it("is never followed to where it redirects", async () => {
    await removeAll();
    const [to, inside] = [await hook(), `/inside${++made}`];
    hooks.answer(to.path, { location: `${hooks.url}${inside}` });
    await failedRun();
    await attempted(to, 1);
    expect(await newest(to)).toMatchObject({ response_status: 302, error: "answered 302: redirects are not followed" });
    expect(hooks.received.filter(({ path }) => path === inside)).toEqual([]);
  });

  it("that hangs delays its own events alone", async () => {
    await removeAll();
    const slow = await hook();
    hooks.answer(slow.path, ...Array.from({ length: 30 }, () => "hang" as const));
    for (let i = 0; i < 12; i++) await world.ok("POST", `${slow.at}/ping`);
    await hooks.of(slow.path, 1);
    const quick = await hook();
    await failedRun();
    await ended(quick, "delivered");
    expect((await deliveries(slow)).every(({ state }: { state: string }) => state === "waiting")).toBe(true);
  });

  it("hears again what somebody sends again: the same event, another delivery", async () => {
    await removeAll();
    const to = await hook();
    await failedRun();
    await ended(to, "delivered");
    const first = await newest(to);
    const { delivery } = await world.ok("POST", `${to.at}/deliveries/${first.id}/redeliver`);
    expect(delivery).toMatchObject({ redelivery_of: first.id, event_id: first.event_id, state: "waiting" });
    const [one, two] = (await hooks.of(to.path, 2)) as [Hooked, Hooked];
    expect(JSON.parse(two.body).id).toBe(JSON.parse(one.body).id);
    expect(JSON.parse(two.body).data).toEqual(JSON.parse(one.body).data);
    await world.ok("PATCH", to.at, { active: false });
    refused(await world.call("POST", `${to.at}/deliveries/${first.id}/redeliver`), 409, "inactive");
    await failedRun();
    expect((await deliveries(to)).length).toBe(2);
  });

  it("shows its secret once; another one signs from then on", async () => {
    await removeAll();
    const to = await hook();
    const { secret } = await world.ok("POST", `${to.at}/rotate`);
    await world.ok("POST", `${to.at}/ping`);
    const [got] = (await hooks.of(to.path, 1)) as [Hooked];
    expect(got.headers["x-takosumi-signature"]).toBe(macOf(secret, got));
    expect(secret).not.toBe(to.secret);
    const said = JSON.stringify([
      await world.ok("GET", space),
      await world.ok("GET", to.at),
      await world.ok("GET", "/audit?limit=100"),
      world.api.process.lines,
      await world.db.prisma.webhooks.findMany(),
    ]);
    for (const one of [secret, to.secret]) expect(said).not.toContain(one);
  });
});

it("what a killed api had begun to send is sent again as the same delivery, and by two replicas once", async () => {
  await removeAll();
  const doomed = await startApi({ env: loopback });
  const path = `/hook${++made}`;
  hooks.answer(path, "hang");
  const { body } = await doomed.call("POST", space, { body: { url: hooks.url + path, events: ["run.failed"] } });
  const at = `${space}/${body.webhook.id}`;
  await doomed.call("POST", `${at}/ping`);
  await hooks.of(path, 1);
  doomed.process.kill("SIGKILL");
  await doomed.process.exited;
  const replicas = await Promise.all([1, 2].map(() => startApi({ replicaOf: doomed, env: loopback })));
  const [one] = replicas as [TestApi, TestApi];
  await doomed.database.db.transaction(async (tx) => {
    await tx.query(due, [body.webhook.id]);
    await tx.query(free, [body.webhook.id]);
    await tx.notify("takosumi_webhook", "");
  });
  const [first, second] = (await hooks.of(path, 2)) as [Hooked, Hooked];
  expect(second.headers["x-takosumi-delivery"]).toBe(first.headers["x-takosumi-delivery"]);
  for (let i = 0; i < 10; i++) await one.call("POST", `${at}/ping`);
  await expect
    .poll(() => doomed.database.db.prisma.webhook_deliveries.count({ where: { state: "delivered" } }), { timeout: 20_000 })
    .toBe(11);
  const told = (await hooks.of(path, 12)).map(({ headers }) => headers["x-takosumi-delivery"]);
  expect([told.length, new Set(told).size]).toEqual([12, 11]);
  for (const replica of replicas) await replica.close();
  await doomed.close();
});

describe("private addresses", () => {
  let closed: TestApi;
  beforeAll(async () => {
    closed = await startApi();
  });
  afterAll(() => closed?.close());
  const create = (url: string) => closed.call("POST", space, { body: { url, events: ["run.failed"] } });

  it.each([
    "http://127.0.0.1:1/",
    "http://127.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://169.254.169.254/latest/meta-data",
    "https://10.1.2.3/",
    "http://localhost:8787/",
    "http://a.localhost/",
    "http://0.0.0.0/",
  ])("%s is refused where nobody allowed it", async (url) => {
    const answer = await create(url);
    refused(answer, 400, "invalid", "private");
    expect(fieldPaths(answer)).toEqual(["url"]);
  });

  it("a name that leads to one is found out in the delivery, before anything is sent", async () => {
    const path = `/hook${++made}`;
    const { body } = await create("https://hooks.example.test/");
    const { id } = body.webhook;
    // As if its name led elsewhere by now.
    const url = `${hooks.url.replace("127.0.0.1", "localhost")}${path}`;
    await closed.database.db.prisma.webhooks.update({ where: { id }, data: { url } });
    await closed.call("POST", `${space}/${id}/ping`);
    const said = async () => (await closed.call("GET", `${space}/${id}/deliveries`)).body.deliveries[0].error;
    await expect.poll(said, { timeout: 10_000 }).toBe("the host has a private address, which webhooks may not reach");
    expect(hooks.received.filter((one) => one.path === path)).toEqual([]);
  });
});

it.each([
  [{ url: "ftp://hooks.example.test/", events: ["run.failed"] }, "url"],
  [{ url: "https://user:password@hooks.example.test/", events: ["run.failed"] }, "url"],
  [{ url: "hooks", events: ["run.failed"] }, "url"],
  [{ url: "https://hooks.example.test/", events: [] }, "events"],
  [{ url: "https://hooks.example.test/", events: ["run.exploded"] }, "events.0"],
  [{ url: "https://hooks.example.test/", events: ["run.failed"], secret: "mine" }, "secret"],
])("%j is 400 naming %s", async (body, field) => {
  const answer = await world.call("POST", space, { body });
  expect({ status: answer.status, fields: fieldPaths(answer) }).toEqual({ status: 400, fields: [field] });
});

it("an editor may not see them, a space has fifty at most, and they are paged", async () => {
  await removeAll();
  const editor = await world.member(project.workspace_id, "editor");
  refused(await editor("GET", `/api/spaces/${project.workspace_id}/webhooks`), 403, "role");
  const body = { url: "https://hooks.example.test/", events: ["run.failed"] };
  const answers = await Promise.all(Array.from({ length: 52 }, () => world.call("POST", space, { body })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
  for (const one of answers.filter(({ status }) => status !== 201)) refused(one, 409, "limit");
  const first = await world.ok("GET", `${space}?limit=30`);
  const second = await world.ok("GET", `${space}?limit=30&cursor=${first.next_cursor}`);
  const ids = [...first.webhooks, ...second.webhooks].map(({ id }: { id: string }) => id);
  expect([new Set(ids).size, second.next_cursor]).toEqual([50, null]);
  expect((await world.call("DELETE", `${space}/${ids[0]}`)).status).toBe(204);
  expect((await world.call("GET", `${space}/${ids[0]}`)).status).toBe(404);
});
