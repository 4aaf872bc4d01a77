import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Answer } from "@takosumi/testkit/call";
import { type HeldRun, protocolRunner } from "@takosumi/testkit/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, refused } from "./deploy.ts";

const aws = "registry.opentofu.org/hashicorp/aws";
const cloudflare = "registry.opentofu.org/cloudflare/cloudflare";
const values = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "k".repeat(40), AWS_REGION: "eu-central-1" };
const keys = { provider: "hashicorp/aws", recipe: { id: "aws", auth_mode: "static_keys" }, values };
const role = "arn:aws:iam::123456789012:role/deploy";
const assumed = { provider: "hashicorp/aws", recipe: { id: "aws", auth_mode: "assume_role" }, values: { ...values, AWS_ROLE_ARN: role } };
const cf = (token: string) => ({
  provider: "cloudflare/cloudflare",
  recipe: { id: "cloudflare" },
  values: { CLOUDFLARE_API_TOKEN: token },
});
const token = "cloudflare-token-of-a-test-1";
const lock_digest = `sha256:${"0".repeat(64)}`;
const need = (provider: string, alias: string | null = null, settable = true) => ({ provider, alias, builtin: false, settable });

/** A stand-in for STS: answers, refuses or says nothing, as a test wants it. */
let sts: Server;
let stsAnswer: (role: string) => { status: number; body: string } | null;
const temporary = (id: string) => ({
  status: 200,
  body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIATEMPORARY${id}</AccessKeyId><SecretAccessKey>temporary-secret-${id}</SecretAccessKey><SessionToken>session-${id}</SessionToken><Expiration>2040-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
});

let world: DeployWorld;
let runner: Awaited<ReturnType<typeof protocolRunner>>;
beforeAll(async () => {
  sts = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const answer = stsAnswer(new URLSearchParams(body).get("RoleArn") ?? "");
      if (answer) response.writeHead(answer.status, { "content-type": "text/xml" }).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => sts.listen(0, "127.0.0.1", resolve));
  world = await DeployWorld.start({ TAKOSUMI_AWS_STS_ENDPOINT: `http://127.0.0.1:${(sts.address() as AddressInfo).port}` });
  runner = await protocolRunner(world.api);
});
afterAll(async () => {
  await world?.close();
  sts.closeAllConnections();
  await new Promise((resolve) => sts.close(resolve));
});

let count = 0;
const connection = async (body: object): Promise<{ id: string; name: string }> =>
  (await world.ok("POST", "/api/connections", { name: `c${count++}`, ...body })).connection;
const bind = (provider: string, connection_id: string | null, alias?: string) => ({ provider, connection_id, ...(alias && { alias }) });
const capsuleWith = (provider_bindings: object[], more: object = {}) => world.capsule({ name: `c${count++}`, provider_bindings, ...more });
const claimed = async (capsule: { id: string }): Promise<HeldRun> => {
  const { id } = await world.plan(capsule.id);
  const held = await runner.claim();
  expect(held.run_id).toBe(id);
  return held;
};
const resolve = async (held: HeldRun, requirements: object[]) => (await held.ask("resolve", { requirements, lock_digest })).body;
const run = async (id: string) => (await world.ok("GET", `/api/runs/${id}`)).run;
const audit = async (query: string) => (await world.ok("GET", `/api/audit?${query}`)).events;
const opened = (id: string) => audit(`run_id=${id}&action=run.credentials_opened`);
/** A plan that a runner resolved and finished. */
async function planned(capsule: { id: string }, requirements: object[]): Promise<string> {
  const held = await claimed(capsule);
  await resolve(held, requirements);
  await held.planned();
  return held.run_id;
}
const approve = (id: string) => world.call("POST", `/api/runs/${id}/approve`, { body: {} });
const change = (id: string, body: object) => world.ok("PATCH", `/api/connections/${id}`, body);
const ended = async (held: HeldRun) => {
  await held.fail();
  return held;
};
const unavailable = (answer: Answer, word: string, reason = "connection_unavailable") => refused(answer, 412, reason, word);

describe("a blocked plan", () => {
  it("ends before anything was opened, says what to do, and a retry after that goes on", async () => {
    const capsule = await capsuleWith([]);
    const held = await claimed(capsule);
    const answer = await resolve(held, [need(aws), need("registry.opentofu.org/hashicorp/random")]);
    expect(answer.blocked).toBe(true);
    const blocked = await run(held.run_id);
    expect(blocked).toMatchObject({
      status: "blocked",
      error: {
        code: "PROVIDER_BLOCKED",
        message: expect.stringContaining("bind a connection to the Capsule"),
        details: { providers: [{ provider: aws, alias: null, status: "blocked_missing_connection", reason: "unbound" }] },
      },
      injected_env: [],
    });
    expect(blocked.provider_bindings).toMatchObject([
      { provider: aws, status: "blocked_missing_connection", reason: "unbound", connection_id: null },
      { status: "resolved_provider_connection", reason: "credential_free" },
    ]);
    refused(await held.ask("credentials", { phase: "plan" }), 409, "old_epoch");
    expect(await opened(held.run_id)).toEqual([]);
    expect((await audit(`run_id=${held.run_id}`)).map(({ action }: { action: string }) => action)).toEqual([
      "run.blocked",
      "run.started",
      "run.created",
    ]);

    const { id } = await connection(keys);
    await world.patch(capsule.id, { provider_bindings: [bind("hashicorp/aws", id)] });
    const { run: again } = await world.ok("POST", `/api/runs/${held.run_id}/retry`, {});
    const next = await runner.claim();
    expect([next.run_id, again.retry_of_run_id]).toEqual([again.id, held.run_id]);
    expect(await resolve(next, [need("registry.terraform.io/hashicorp/aws")])).toMatchObject({
      blocked: false,
      provider_bindings: [
        { provider: aws, connection_id: id, injected_by: "environment", recipe: { id: "aws", auth_mode: "static_keys" } },
      ],
    });
    await ended(next);
  });

  it("names a connection that was deleted, has expired or lost its setup", async () => {
    const [gone, late, broken] = [await connection(keys), await connection(cf(token)), await connection(cf(token))];
    const capsule = await capsuleWith([
      bind("hashicorp/aws", gone.id),
      bind("cloudflare/cloudflare", late.id),
      bind("cloudflare/cloudflare", broken.id, "b"),
    ]);
    await world.ok("DELETE", `/api/connections/${gone.id}`);
    await world.db.prisma.connections.update({ where: { id: late.id }, data: { expires_at: new Date(0) } });
    await world.db.prisma.connections.update({ where: { id: broken.id }, data: { fields: [] } });
    const { provider_bindings } = await resolve(await claimed(capsule), [need(aws), need(cloudflare), need(cloudflare, "b")]);
    expect(
      provider_bindings.map(({ reason, connection_id }: { reason: string; connection_id: string }) => [reason, connection_id]),
    ).toEqual([
      ["connection_deleted", gone.id],
      ["connection_expired", late.id],
      ["connection_needs_setup", broken.id],
    ]);
    for (const [index, { name }] of [gone, late, broken].entries()) {
      expect(provider_bindings[index].status).toBe("blocked_missing_connection");
      expect(provider_bindings[index].message).toContain(name);
      expect(provider_bindings[index].remedy.length).toBeGreaterThan(10);
    }
  });
});

describe("credentials of a plan and its apply", () => {
  it("are variables and files of the connections, recorded by name in the Run and in the audit, and nowhere by value", async () => {
    const secret = "a-token-from-a-secret-0123";
    const { id: secret_id } = await world.secret("CF_TOKEN", secret);
    const one = await connection(keys);
    const two = await connection({ ...cf(token), values: {}, secrets: { CLOUDFLARE_API_TOKEN: secret_id } });
    const pem = "-----BEGIN a-file-of-a-test-----";
    const own = { provider: "acme/own", recipe: { id: "generic-env" }, values: { OWN: "own-value-0123" } };
    const three = await connection({ ...own, files: [{ path: "ca.pem", content: pem, env_name: "OWN_CA" }] });
    const bindings = [bind("hashicorp/aws", one.id), bind("cloudflare/cloudflare", two.id), bind("acme/own", three.id)];
    const variables = [{ name: "FROM_CAPSULE", kind: "env", value: "x" }];
    const capsule = await capsuleWith(bindings, { variables });
    const held = await claimed(capsule);
    await resolve(held, [need(aws), need(cloudflare), need("registry.opentofu.org/acme/own")]);
    const given = (await held.ask("credentials", { phase: "plan" })).body;
    const env = Object.fromEntries(given.env.map(({ name, value }: { name: string; value: string }) => [name, value]));
    expect(env).toEqual({ ...values, CLOUDFLARE_API_TOKEN: secret, OWN: "own-value-0123" });
    expect(given.files).toEqual([{ path: `${three.id}/ca.pem`, content: pem, env_name: "OWN_CA", sensitive: true }]);

    const names = ["AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "CLOUDFLARE_API_TOKEN", "OWN", "OWN_CA"];
    const [event] = await opened(held.run_id);
    expect(event).toMatchObject({ actor: { kind: "runner" }, target: { type: "run", id: held.run_id } });
    expect(event.metadata).toEqual({ phase: "plan", purpose: "inject", connections: [one.id, two.id, three.id].sort(), names });
    await held.planned();
    const plan = await run(held.run_id);
    const injectedIn = (phase: string, of: { injected_env: { phase: string; name: string }[] }) =>
      of.injected_env
        .filter((entry) => entry.phase === phase)
        .map(({ name }) => name)
        .sort();
    expect(injectedIn("plan", plan)).toEqual([...names, "FROM_CAPSULE"].sort());
    expect(plan.injected_env).toContainEqual({ name: "AWS_REGION", kind: "env", phase: "plan", sensitive: false });
    expect(plan.injected_env).toContainEqual({ name: "OWN_CA", kind: "file", phase: "plan", sensitive: true });

    await world.ok("PUT", `/api/secrets/${secret_id}`, { value: "rotated-since-the-plan-01" });
    await change(one.id, { values: { ...values, AWS_SECRET_ACCESS_KEY: "r".repeat(40) } });
    expect((await approve(plan.id)).status).toBe(200);
    const writing = await runner.claim();
    refused(await writing.ask("credentials", { phase: "plan" }), 409, "wrong_phase");
    const later = (await writing.ask("credentials", { phase: "apply" })).body;
    const valueOf = (name: string) => later.env.find((entry: { name: string }) => entry.name === name).value;
    expect([valueOf("CLOUDFLARE_API_TOKEN"), valueOf("AWS_SECRET_ACCESS_KEY")]).toEqual(["rotated-since-the-plan-01", "r".repeat(40)]);
    const applying = await run(writing.run_id);
    expect(injectedIn("apply", applying)).toEqual([...names, "FROM_CAPSULE"].sort());
    await ended(writing);

    const all = JSON.stringify([plan, await run(writing.run_id), await audit("limit=100"), world.api.process.lines]);
    for (const value of [secret, pem, values.AWS_SECRET_ACCESS_KEY, "own-value-0123", "rotated-since", "r".repeat(40)])
      expect(all).not.toContain(value);
  });

  it("go to the holder of the Run in its phase and to nobody else; each refusal is in the audit", async () => {
    const { id } = await connection(keys);
    const held = await claimed(await capsuleWith([bind("hashicorp/aws", id)]));
    // The first of a minute is an event, each of them is counted.
    const refusals = async () => {
      const counted = await world.db.prisma.audit_denials.findMany({ where: { operation: "runnerProtocol.credentials" } });
      return counted.reduce((sum, { count: times }) => sum + times, 0);
    };
    const before = await refusals();
    const early = await held.ask("credentials", { phase: "plan" });
    expect(early.body).toEqual({ env: [], files: [], arguments: [] });
    await resolve(held, [need(aws)]);
    refused(await held.ask("credentials", { phase: "apply" }), 409, "wrong_phase");
    refused(await held.ask("credentials", { phase: "plan", epoch: held.epoch + 1 }), 409, "old_epoch");
    refused(await held.ask("credentials", { phase: "plan", epoch: held.epoch + 1, purpose: "redact" }), 409, "old_epoch");
    const other = await protocolRunner(world.api);
    expect((await held.ask("credentials", { phase: "plan", runner_id: other.id })).status).toBe(404);
    expect((await held.ask("credentials", { phase: "plan", runner_id: "rnr_none" })).status).toBe(404);
    expect(await refusals()).toBe(before + 5);
    const events = (await audit("action=access.denied")).filter((event: { actor: { kind: string } }) => event.actor.kind === "runner");
    expect(events[0]).toMatchObject({ target: { id: "runnerProtocol.credentials" }, metadata: { run_id: expect.stringMatching(/^run_/) } });
    expect(await opened(held.run_id)).toHaveLength(1);
    expect((await held.ask("credentials", { phase: "plan" })).body.env).toHaveLength(3);
    await held.planned();
    refused(await held.ask("credentials", { phase: "plan" }), 409, "old_epoch");
  });

  it("of one provider with two connections are arguments of each configuration; without arguments it is blocked, both named", async () => {
    const [prod, dev] = [await connection(keys), await connection(keys)];
    const held = await claimed(await capsuleWith([bind("hashicorp/aws", prod.id), bind("hashicorp/aws", dev.id, "dev")]));
    const { blocked, provider_bindings } = await resolve(held, [need(aws), need(aws, "dev")]);
    expect(blocked).toBe(false);
    expect(provider_bindings).toMatchObject([
      { alias: null, connection_id: prod.id, injected_by: "arguments", env_names: [] },
      { alias: "dev", connection_id: dev.id, injected_by: "arguments", env_names: [] },
    ]);
    const given = (await held.ask("credentials", { phase: "plan" })).body;
    expect(given.env).toEqual([]);
    expect(given.arguments.map(({ alias }: { alias: string | null }) => alias)).toEqual([null, "dev"]);
    expect(given.files.map(({ path }: { path: string }) => path).sort()).toEqual(
      [prod.id, dev.id].flatMap((id) => [`${id}/config`, `${id}/credentials`]).sort(),
    );
    await ended(held);

    const [x, y] = [await connection(cf(token)), await connection(cf(token))];
    const capsule = await capsuleWith([bind("cloudflare/cloudflare", x.id), bind("cloudflare/cloudflare", y.id, "b")]);
    const other = await claimed(capsule);
    const answer = await resolve(other, [need(cloudflare), need(cloudflare, "b")]);
    expect(answer.provider_bindings.map(({ status }: { status: string }) => status)).toEqual(["blocked_policy", "blocked_policy"]);
    const { error } = await run(other.run_id);
    for (const word of [x.name, y.name, "CLOUDFLARE_API_TOKEN"]) expect(error.message).toContain(word);
    expect(await opened(other.run_id)).toEqual([]);
  });

  it("never meet a variable of the same name that the Capsule or the Run sets: blocked, not one of them silently", async () => {
    const { id } = await connection(cf(token));
    const capsule = await capsuleWith([bind("cloudflare/cloudflare", id)]);
    const variables = [{ name: "CLOUDFLARE_API_TOKEN", kind: "env", value: "mine" }];
    await world.ok("POST", "/api/runs", { kind: "plan", capsule_id: capsule.id, variables });
    const answer = await resolve(await runner.claim(), [need(cloudflare)]);
    expect(answer.provider_bindings[0]).toMatchObject({ status: "blocked_policy", reason: "variable_clash" });
    expect(answer.provider_bindings[0].message).toContain("CLOUDFLARE_API_TOKEN");
  });

  it("are bound by null where the module configures the provider itself, and by a binding also where none is needed", async () => {
    const own = { provider: "hashicorp/null", recipe: { id: "generic-env" }, values: { PGPASSWORD: "for-a-provisioner" } };
    const { id } = await connection(own);
    const held = await claimed(await capsuleWith([bind("hashicorp/aws", null), bind("hashicorp/null", id)]));
    const { provider_bindings } = await resolve(held, [need(aws), need(aws, "b"), need("registry.opentofu.org/hashicorp/null")]);
    expect(provider_bindings).toMatchObject([
      { reason: "self_configured", connection_id: null },
      { reason: "self_configured", alias: "b" },
      { reason: null, connection_id: id, env_names: ["PGPASSWORD"] },
    ]);
    await ended(held);
  });
});

describe("a role of AWS", () => {
  it("is assumed for each phase, and the key goes no further", async () => {
    let sessions = 0;
    stsAnswer = () => temporary(String(++sessions));
    const { id } = await connection(assumed);
    const held = await claimed(await capsuleWith([bind("hashicorp/aws", id)]));
    await resolve(held, [need(aws)]);
    const { env } = (await held.ask("credentials", { phase: "plan" })).body;
    const valueOf = (name: string) => env.find((entry: { name: string }) => entry.name === name)?.value;
    expect([valueOf("AWS_ACCESS_KEY_ID"), valueOf("AWS_SESSION_TOKEN")]).toEqual(["ASIATEMPORARY1", "session-1"]);
    expect(JSON.stringify(env)).not.toContain(values.AWS_SECRET_ACCESS_KEY);
    unavailable(await held.ask("credentials", { phase: "plan", purpose: "redact" }), "is not known any more", "changed");
    await ended(held);
  });

  it("that is refused, or answered with nonsense, says so without a secret", async () => {
    const { id, name } = await connection(assumed);
    const held = await claimed(await capsuleWith([bind("hashicorp/aws", id)]));
    await resolve(held, [need(aws)]);
    const denied = `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no, ${values.AWS_SECRET_ACCESS_KEY}</Message></Error></ErrorResponse>`;
    stsAnswer = () => ({ status: 403, body: denied });
    const answer = await held.ask("credentials", { phase: "plan" });
    unavailable(answer, `The connection ${name}: STS refused`, "exchange_failed");
    stsAnswer = () => ({ status: 200, body: "<html>" });
    unavailable(await held.ask("credentials", { phase: "plan" }), "STS answered", "exchange_failed");
    expect(JSON.stringify([answer.body, world.api.process.lines])).not.toContain(values.AWS_SECRET_ACCESS_KEY);
    expect(await opened(held.run_id)).toEqual([]);
    await ended(held);
  });
});

describe("between plan and apply", () => {
  const waiting = async () => {
    const one = await connection(cf(token));
    const capsule = await capsuleWith([bind("cloudflare/cloudflare", one.id)]);
    return { ...one, capsule, plan: await planned(capsule, [need(cloudflare)]) };
  };
  const applied = (plan: string) => world.db.prisma.runs.findFirstOrThrow({ where: { plan_run_id: plan } });
  /** As if the change had come without the transaction that makes what waits stale. */
  const quietly = (id: string, data: object) => world.db.prisma.connections.update({ where: { id }, data });

  it("a deleted connection makes the plan stale, and so the apply that is queued", async () => {
    const one = await waiting();
    await world.ok("DELETE", `/api/connections/${one.id}`);
    refused(await approve(one.plan), 409, "stale", "was deleted since the plan");
    const two = await waiting();
    expect((await approve(two.plan)).status).toBe(200);
    await world.ok("DELETE", `/api/connections/${two.id}`);
    expect(await applied(two.plan)).toMatchObject({ status: "stale", started_at: null });
    expect((await world.ok("GET", `/api/capsules/${two.capsule.id}`)).capsule.lock).toBeNull();
  });

  it("one that expired, or is not what it was, is refused at the approval and ends the apply when it is claimed", async () => {
    const one = await waiting();
    await quietly(one.id, { expires_at: new Date(0) });
    refused(await approve(one.plan), 409, "connection_unavailable", "is expired");
    await change(one.id, { expires_at: "2040-01-01T00:00:00Z" });
    expect((await approve(one.plan)).status).toBe(200);
    await quietly(one.id, { expires_at: new Date(0) });

    const two = await waiting();
    expect((await approve(two.plan)).status).toBe(200);
    await quietly(two.id, { fields: ["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"] });
    const next = await claimed(await capsuleWith([]));
    expect(await applied(one.plan)).toMatchObject({ status: "failed", error: { code: "CONNECTION_UNAVAILABLE" } });
    expect(await applied(two.plan)).toMatchObject({ status: "stale", error: { code: "CONNECTION_CHANGED" } });
    for (const { capsule } of [one, two]) expect((await world.ok("GET", `/api/capsules/${capsule.id}`)).capsule.lock).toBeNull();
    await ended(next);
  });

  it("one that is deleted once the apply was claimed gives nothing", async () => {
    const one = await waiting();
    expect((await approve(one.plan)).status).toBe(200);
    const held = await runner.claim();
    await world.ok("DELETE", `/api/connections/${one.id}`);
    unavailable(await held.ask("credentials", { phase: "apply" }), "was deleted");
    expect(await opened(held.run_id)).toEqual([]);
    await ended(held);
  });

  it("values that are not those of before hide nothing in a log that goes on", async () => {
    const one = await waiting();
    expect((await approve(one.plan)).status).toBe(200);
    const held = await runner.claim();
    expect((await held.ask("credentials", { phase: "apply" })).status).toBe(200);
    expect((await held.ask("credentials", { phase: "apply", purpose: "redact" })).status).toBe(200);
    await change(one.id, { values: { CLOUDFLARE_API_TOKEN: `${token}-rotated` } });
    unavailable(await held.ask("credentials", { phase: "apply", purpose: "redact" }), "is not known any more", "changed");
    expect((await held.ask("credentials", { phase: "apply" })).status).toBe(200);
    await ended(held);
  });

  it("a binding that was changed in the database does not open another connection", async () => {
    const [one, other] = [await waiting(), await connection(cf("cloudflare-token-of-another"))];
    const { provider_bindings } = await world.db.prisma.runs.findUniqueOrThrow({ where: { id: one.plan } });
    const swapped = (provider_bindings as object[]).map((binding) => ({ ...binding, connection_id: other.id }));
    expect((await approve(one.plan)).status).toBe(200);
    const held = await runner.claim();
    await world.db.prisma.runs.updateMany({ where: { id: held.run_id }, data: { provider_bindings: swapped } });
    unavailable(await held.ask("credentials", { phase: "apply" }), "not the one that was sealed", "changed");
    await world.db.prisma.runs.updateMany({ where: { id: one.plan }, data: { provider_bindings: swapped } });
    unavailable(await held.ask("credentials", { phase: "apply" }), "not the one that was sealed", "changed");
    await ended(held);
  });
});
