import type { Operation } from "@takosumi/contracts/define";
import { fieldsOf } from "@takosumi/contracts/input";
import type { Lease } from "@takosumi/contracts/runner/lease";
import { runnerProtocol } from "@takosumi/contracts/runner/protocol";
import type { Answer, Call } from "@takosumi/testkit/call";
import { caller } from "@takosumi/testkit/call";
import { digestOf, ProtocolRunner, taken } from "@takosumi/testkit/held-run";
import { reportedChange } from "@takosumi/testkit/reporting-runner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld } from "./deploy.ts";

const at = new Date().toISOString();
const tools = [{ name: "opentofu", version: "1.12.6" }];
const failed = { result: "failed", tool: null, error: { code: "X", message: "x", details: null }, diagnostics: [], state: null };
/** What each call about a Run says beside its lease. One that is added to the contract is added here, or the first test fails. */
const said: Readonly<Record<string, object | null>> = {
  renew: { wait_seconds: 0 },
  events: { first: 1, events: [{ type: "log", at, text: "a word of somebody else\n" }] },
  resolve: { requirements: [], lock_digest: digestOf("") },
  credentials: { phase: "plan" },
  source: { commit: "a".repeat(40) },
  input: null,
  artifact: null,
  complete: { last_sequence: 0, outcome: { ...failed, summary: null, duration_ms: 1 } },
};
const aboutRuns = Object.entries<Operation>(runnerProtocol.operations).filter(([, { path }]) => path.includes("/runs/:id"));

interface Shown {
  readonly runner_id: string;
  readonly epoch: number;
}
/** Every way to send each of them: one for each kind of bytes. */
const requests = aboutRuns.flatMap(([name, { method, path, spec }]) => {
  const kind = (spec.params && (fieldsOf(spec.params)["kind"] as unknown as { options: string[] })?.options) ?? [""];
  return kind.map((one) => ({ name, one, method, path: path.replace(":kind", one) }));
});
type Request = (typeof requests)[number];
async function send(call: Call, { name, method, path }: Request, run: string, shown: Shown): Promise<Answer> {
  const body = said[name];
  const query = `?runner_id=${shown.runner_id}&epoch=${shown.epoch}`;
  const url = path.replace(":id", run);
  if (body) return call(method, url, { body: { ...body, ...shown } });
  const bytes = "bytes of somebody else";
  return method === "GET"
    ? call(method, url + query)
    : call(method, `${url}${query}&digest=${digestOf(bytes)}`, { raw: bytes, headers: { "content-type": "application/octet-stream" } });
}

let world: DeployWorld;
let victim: ProtocolRunner;
let neighbour: ProtocolRunner;
let foreigner: Call;
const leases: Lease[] = [];
const secret = "a-secret-of-the-victim";
beforeAll(async () => {
  world = await DeployWorld.start();
  victim = await ProtocolRunner.open(world.api.url, world.api.runnerToken);
  const capsule = await world.capsule({ variables: [{ name: "v", kind: "tofu", value: secret, sensitive: true }] });
  const { id } = await world.plan(capsule.id);
  taken(await (await victim.claimed()).planned({ changes: [reportedChange("t.a", ["create"])] }));
  await world.ok("POST", `/api/runs/${id}/approve`, {});
  leases.push((await victim.claimed()).lease);
  await world.plan((await world.capsule({ project_id: capsule.project_id, name: "other" })).id);
  leases.push((await victim.claimed()).lease);
  // Two who are not the victim: a runner beside it, with its token, and somebody with the token of another pool.
  neighbour = await ProtocolRunner.open(world.api.url, world.api.runnerToken);
  const { runner_pool } = await world.ok("POST", "/api/runner-pools", { name: "elsewhere" });
  foreigner = caller(world.api.url, (await world.ok("POST", `/api/runner-pools/${runner_pool.id}/tokens`, { name: "t" })).token);
});
afterAll(() => world.close());

const denials = async (operation: string) => {
  const rows = await world.db.prisma.audit_denials.findMany({ where: { operation } });
  return rows.reduce((sum, { count }) => sum + count, 0);
};
const row = (id: string) => world.db.prisma.runs.findUniqueOrThrow({ where: { id } });

/** Refused, without a word of what is there, with nothing changed, and recorded. */
async function refusedAndRecorded(
  request: Request,
  statuses: readonly number[],
  attempt: (lease: Lease) => Promise<Answer>,
): Promise<void> {
  const operation = `runnerProtocol.${request.name}`;
  for (const lease of leases) {
    const [before, counted] = [await row(lease.run_id), await denials(operation)];
    const { status, body } = await attempt(lease);
    expect({ status, ok: statuses.includes(status) }, `${request.name} ${request.one}: ${JSON.stringify(body)}`).toMatchObject({
      ok: true,
    });
    expect(JSON.stringify(body)).not.toContain(secret);
    expect(await row(lease.run_id)).toEqual(before);
    expect(await denials(operation)).toBe(counted + 1);
    const events = await world.db.prisma.audit_events.findMany({ where: { action: "access.denied", target_id: operation } });
    expect(events.some(({ metadata }) => (metadata as { runner_id?: string }).runner_id !== undefined)).toBe(true);
  }
}
const shownOf = ({ epoch }: Lease, runner_id = victim.id): Shown => ({ runner_id, epoch });

it("covers every call of the protocol that is about a Run", () => {
  expect(aboutRuns.map(([name]) => name).toSorted()).toEqual(Object.keys(said).toSorted());
  expect(requests.length).toBeGreaterThan(12);
});

describe("a runner that is not the one that holds a Run", () => {
  it.each(requests)("as itself is refused: $name $one", async (request) => {
    await refusedAndRecorded(request, [404], (lease) => send(neighbour.call, request, lease.run_id, shownOf(lease, neighbour.id)));
  });

  it.each(requests)("with a token of another pool, as the one that holds it, is refused: $name $one", async (request) => {
    await refusedAndRecorded(request, [404], (lease) => send(foreigner, request, lease.run_id, shownOf(lease)));
  });

  it.each(requests)("with a token that was revoked is refused: $name $one", async (request) => {
    const { id, call } = await revoked();
    const answer = await send(call, request, leases[0]?.run_id ?? "", { runner_id: id, epoch: 1 });
    expect(answer).toMatchObject({ status: 401, body: { error: { details: { reason: "revoked" } } } });
    expect(await denials(`runnerProtocol.${request.name}`)).toBeGreaterThan(0);
  });

  it("claims and takes up nothing in another's name", async () => {
    const held = leases.map(({ run_id, epoch }) => ({ run_id, epoch }));
    const claimed = await foreigner("POST", "/api/runner/claim", { body: { runner_id: victim.id, wait_seconds: 0, tools } });
    const resumed = await foreigner("POST", "/api/runner/resume", { body: { runner_id: victim.id, held } });
    expect([claimed.status, resumed.status]).toEqual([404, 404]);
    const before = await denials("runnerProtocol.resume");
    const resume = await neighbour.call("POST", "/api/runner/resume", { body: { runner_id: neighbour.id, held } });
    expect(resume).toMatchObject({ status: 200, body: { leases: [] } });
    expect(await denials("runnerProtocol.resume")).toBe(before + leases.length);
    expect(await denials("runnerProtocol.claim")).toBeGreaterThan(0);
  });
});

describe("the runner that held a Run", () => {
  it.each(requests)("is refused with the epoch of an earlier lease: $name $one", async (request) => {
    const epochs = leases.map(({ run_id }) => run_id);
    await world.db.prisma.runs.updateMany({ where: { id: { in: epochs } }, data: { lease_epoch: { increment: 1 } } });
    try {
      await refusedAndRecorded(request, [409], (lease) => send(victim.call, request, lease.run_id, shownOf(lease)));
    } finally {
      await world.db.prisma.runs.updateMany({ where: { id: { in: epochs } }, data: { lease_epoch: { decrement: 1 } } });
    }
  });

  it.each(requests)("is refused with an epoch that is yet to come: $name $one", async (request) => {
    await refusedAndRecorded(request, [409], (lease) =>
      send(victim.call, request, lease.run_id, { ...shownOf(lease), epoch: lease.epoch + 1 }),
    );
  });

  it("may do what it was refused, with its own lease: nothing above was refused for another reason", async () => {
    for (const lease of leases)
      expect((await send(victim.call, requests.find(({ name }) => name === "renew") as Request, lease.run_id, shownOf(lease))).status).toBe(
        200,
      );
  });

  it.each(requests)("is refused once the Run is over: $name $one", async (request) => {
    for (const { run_id } of leases) await world.db.prisma.runs.update({ where: { id: run_id }, data: { status: "failed" } });
    await refusedAndRecorded(request, [409], (lease) => send(victim.call, request, lease.run_id, shownOf(lease)));
  });
});

let gone: Promise<{ id: string; call: Call }> | undefined;
/** A runner whose token was revoked after it registered. */
const revoked = (): Promise<{ id: string; call: Call }> =>
  (gone ??= (async () => {
    const { runner_pool } = await world.ok("POST", "/api/runner-pools", { name: "gone" });
    const { runner_token, token } = await world.ok("POST", `/api/runner-pools/${runner_pool.id}/tokens`, { name: "t" });
    const { id, call } = await ProtocolRunner.open(world.api.url, token);
    await world.call("DELETE", `/api/runner-tokens/${runner_token.id}`);
    return { id, call };
  })());
