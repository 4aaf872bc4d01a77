import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { deployOn } from "@takosumi/testkit/deploy";
import { standInMirror } from "@takosumi/testkit/mirror";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { credentials, FakeSts, refusal } from "@takosumi/testkit/sts";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const module = (source: string, more: string) =>
  `terraform {\n  required_providers {\n    p = { source = "${source}" }\n  }\n}\nresource "time_sleep" "a" {\n  provider        = p\n  create_duration = "0s"\n}\n${more}`;
/** Says in the log which of these variables it sees, by digest. */
const seeing = (...names: string[]) =>
  `resource "terraform_data" "sees" {\n${names.map((name) => `  provisioner "local-exec" { command = "echo ${name}=$(printf %s \\"$${name}\\" | sha256sum | cut -c1-64)" }\n`).join("")}}\n`;

const cloudflare = { provider: "cloudflare/cloudflare", recipe: { id: "cloudflare" } };
const token = "cloudflare-token-of-the-world-1";
const role = "arn:aws:iam::123456789012:role/deploy";
const keys = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "k".repeat(40), AWS_ROLE_ARN: role };

if (tools.tofu && tools.mirror)
  describe("connections, with a real api, runner and tofu", () => {
    let api: TestApi;
    let runner: TestRunner;
    let user: ReturnType<typeof deployOn>;
    let mirror: string;
    const sts = new FakeSts();
    const more = () => ({ TAKOSUMI_PROVIDER_MIRROR: mirror });
    beforeAll(async () => {
      mirror = await standInMirror([
        "registry.terraform.io/cloudflare/cloudflare",
        "registry.opentofu.org/cloudflare/cloudflare",
        "registry.opentofu.org/hashicorp/aws",
      ]);
      api = await startApi({ env: { TAKOSUMI_AWS_STS_ENDPOINT: await sts.start() } });
      runner = await startRunner(api, { more: more() });
      user = deployOn(api.call);
    });
    afterAll(async () => {
      await runner?.close();
      await api?.close();
      await sts.stop();
      await rm(mirror, { recursive: true, force: true });
    });
    const connection = async (body: object): Promise<string> => (await user.ok("POST", "/connections", body)).connection.id;

    test("blocked, connected, retried, planned, applied: the tool sees the variable, and nobody reads it", async () => {
      const capsule = await user.capsule({
        "main.tf": module("registry.terraform.io/cloudflare/cloudflare", seeing("CLOUDFLARE_API_TOKEN")),
      });
      const blocked = await user.plan(capsule);
      expect(blocked).toMatchObject({ status: "blocked", error: { code: "PROVIDER_BLOCKED" }, injected_env: [] });
      expect(blocked.provider_bindings).toContainEqual(
        expect.objectContaining({ provider: "registry.opentofu.org/cloudflare/cloudflare", reason: "unbound" }),
      );
      const id = await connection({ name: "cf", ...cloudflare, values: { CLOUDFLARE_API_TOKEN: token } });
      await user.ok("PATCH", `/capsules/${capsule}`, { provider_bindings: [{ provider: "cloudflare/cloudflare", connection_id: id }] });
      const planned = await user.until((await user.ok("POST", `/runs/${blocked.id}/retry`, {})).run.id);
      expect(planned).toMatchObject({ status: "planned", retry_of_run_id: blocked.id });
      await user.ok("PATCH", `/connections/${id}`, { values: { CLOUDFLARE_API_TOKEN: `${token}-rotated` } });
      const applied = await user.approve(planned);
      expect(applied.status).toBe("succeeded");
      const log = await user.log(applied);
      expect(log).toContain(`CLOUDFLARE_API_TOKEN=${sha256(`${token}-rotated`)}`);
      const entry = (phase: string) => ({ name: "CLOUDFLARE_API_TOKEN", kind: "env", phase, sensitive: true });
      expect(planned.injected_env).toEqual([entry("plan")]);
      expect(applied.injected_env).toEqual([entry("plan"), entry("apply")]);
      const { events } = await user.ok("GET", `/audit?action=run.credentials_opened&run_id=${applied.id}`);
      expect(events[0].metadata).toMatchObject({ phase: "apply", connections: [id], names: ["CLOUDFLARE_API_TOKEN"] });
      const said = JSON.stringify([
        blocked,
        planned,
        applied,
        log,
        await user.log(planned),
        events,
        runner.process.lines,
        api.process.lines,
      ]);
      expect(said).not.toContain(token);
    });

    test("a module of built-in providers gets what is bound to them, in its provisioners", async () => {
      const provider = "terraform.io/builtin/terraform";
      const values = { PGPASSWORD: "password-of-a-database-1" };
      const id = await connection({ name: "database", provider, recipe: { id: "generic-env" }, values });
      const bindings = [{ provider, connection_id: id }];
      const planned = await user.plan(
        await user.capsule({ "main.tf": seeing("PGPASSWORD", "NOT_GIVEN") }, { provider_bindings: bindings }),
      );
      expect(planned).toMatchObject({ status: "planned", injected_env: [{ name: "PGPASSWORD", phase: "plan" }] });
      const log = await user.log(await user.approve(planned));
      expect(log).toContain(`PGPASSWORD=${sha256(values.PGPASSWORD)}`);
      expect(log).toContain(`NOT_GIVEN=${sha256("")}`);
    });

    test("a provider that a child module names, and then only the state, has its connection", async () => {
      const id = await connection({ name: "below", ...cloudflare, values: { CLOUDFLARE_API_TOKEN: token } });
      const provider_bindings = [{ provider: "cloudflare/cloudflare", connection_id: id }];
      const files = {
        "main.tf": 'module "kid" { source = "./kid" }\n',
        "kid/main.tf": module("cloudflare/cloudflare", seeing("CLOUDFLARE_API_TOKEN")),
      };
      const capsule = await user.capsule(files, { provider_bindings });
      const applied = await user.approve(await user.plan(capsule));
      expect(await user.log(applied)).toContain(`CLOUDFLARE_API_TOKEN=${sha256(token)}`);
      // Nothing names it any more: what was made by it is still there to be destroyed.
      await user.ok("PATCH", `/capsules/${capsule}`, { source: { kind: "inline", files: { "main.tf": 'output "o" { value = "x" }\n' } } });
      const planned = await user.plan(capsule);
      expect(planned).toMatchObject({ status: "planned", plan: { summary: { destroy: 2 } } });
      const binding = {
        provider: "registry.opentofu.org/cloudflare/cloudflare",
        status: "resolved_provider_connection",
        connection_id: id,
      };
      expect(planned.provider_bindings).toContainEqual(expect.objectContaining(binding));
      await user.ok("PATCH", `/capsules/${capsule}`, { provider_bindings: [] });
      const unbound = await user.plan(capsule);
      expect(unbound).toMatchObject({ status: "blocked", injected_env: [], error: { code: "PROVIDER_BLOCKED" } });
      await user.ok("PATCH", `/capsules/${capsule}`, { provider_bindings });
      expect(await user.approve(await user.plan(capsule))).toMatchObject({ status: "succeeded", apply: { summary: { destroy: 2 } } });
    });

    test("a provider that only an encrypted state needs has its connection too", async () => {
      const encryption = `terraform {
  encryption {
    key_provider "pbkdf2" "k" { passphrase = "correct-horse-battery-staple" }
    method "aes_gcm" "m" { keys = key_provider.pbkdf2.k }
    method "unencrypted" "u" {}
    state {
      method = method.aes_gcm.m
      fallback { method = method.unencrypted.u }
    }
  }
}
`;
      const id = await connection({ name: "sealed", ...cloudflare, values: { CLOUDFLARE_API_TOKEN: token } });
      const provider_bindings = [{ provider: "cloudflare/cloudflare", connection_id: id }];
      const files = { "main.tf": module("cloudflare/cloudflare", 'output "o" { value = "shown" }\n'), "encryption.tf": encryption };
      const capsule = await user.capsule(files, { provider_bindings });
      expect(await user.approve(await user.plan(capsule))).toMatchObject({ status: "succeeded" });
      expect((await user.ok("GET", `/outputs/${capsule}`)).outputs).toMatchObject([{ name: "o", value: "shown" }]);
      await user.ok("PATCH", `/capsules/${capsule}`, { source: { kind: "inline", files: { "encryption.tf": encryption } } });
      await user.ok("PATCH", `/capsules/${capsule}`, { provider_bindings: [] });
      const unbound = await user.plan(capsule);
      expect({ status: unbound.status, bindings: unbound.provider_bindings, error: unbound.error }).toMatchObject({ status: "blocked" });
      await user.ok("PATCH", `/capsules/${capsule}`, { provider_bindings });
      const planned = await user.plan(capsule);
      expect(planned).toMatchObject({ status: "planned", plan: { summary: { destroy: 1 } } });
      expect(await user.approve(planned)).toMatchObject({ status: "succeeded" });
    });

    test("two aliases with two connections that only know variables are blocked, both named", async () => {
      const values = { CLOUDFLARE_API_TOKEN: token };
      const [x, y] = [await connection({ name: "x", ...cloudflare, values }), await connection({ name: "y", ...cloudflare, values })];
      const aliased =
        'provider "p" {\n  alias = "b"\n}\nresource "time_sleep" "b" {\n  provider        = p.b\n  create_duration = "0s"\n}\n';
      const provider_bindings = [
        { provider: "cloudflare/cloudflare", connection_id: x },
        { provider: "cloudflare/cloudflare", alias: "b", connection_id: y },
      ];
      const run = await user.plan(await user.capsule({ "main.tf": module("cloudflare/cloudflare", aliased) }, { provider_bindings }));
      expect(run.status).toBe("blocked");
      expect(run.provider_bindings.map(({ status }: { status: string }) => status)).toEqual(["blocked_policy", "blocked_policy"]);
      for (const word of ["connection x", "to y", "CLOUDFLARE_API_TOKEN"]) expect(run.error.message).toContain(word);
    });

    test("a role that cannot be assumed at the apply ends it before the tool starts, and the Capsule is free", async () => {
      const id = await connection({
        name: "aws",
        provider: "hashicorp/aws",
        recipe: { id: "aws", auth_mode: "assume_role" },
        values: keys,
      });
      const files = { "main.tf": module("hashicorp/aws", seeing("AWS_ACCESS_KEY_ID")) };
      const capsule = await user.capsule(files, { provider_bindings: [{ provider: "hashicorp/aws", connection_id: id }] });
      const planned = await user.plan(capsule);
      expect(planned.status).toBe("planned");
      sts.answer = refusal(403, "AccessDenied", "not today");
      const failed = await user.approve(planned);
      sts.answer = credentials();
      expect(failed).toMatchObject({
        status: "failed",
        state_version_id: null,
        error: { code: "CREDENTIALS_UNAVAILABLE", message: expect.stringContaining(`STS refused to let ${role} be assumed`) },
      });
      expect(await user.log(failed)).not.toContain("time_sleep.a");
      expect((await user.ok("GET", `/capsules/${capsule}`)).capsule.lock).toBeNull();
      const again = await user.approve(await user.plan(capsule));
      expect(await user.log(again)).toContain(`AWS_ACCESS_KEY_ID=${sha256("ASIADEPLOY")}`);
    });

    test("a connection that is deleted between plan and apply: refused, and a queued apply ends before any runner has it", async () => {
      const id = await connection({ name: "short", ...cloudflare, values: { CLOUDFLARE_API_TOKEN: token } });
      const provider_bindings = [{ provider: "cloudflare/cloudflare", connection_id: id }];
      const capsule = await user.capsule({ "main.tf": module("cloudflare/cloudflare", "") }, { provider_bindings });
      const planned = await user.plan(capsule);
      const dir = runner.dir;
      runner.process.kill("SIGTERM");
      await runner.process.exited;
      const { run } = await user.ok("POST", `/runs/${planned.id}/approve`, {});
      expect(run.status).toBe("queued");
      await user.ok("DELETE", `/connections/${id}`);
      runner = await startRunner(api, { dir, more: more() });
      expect(await user.until(run.id)).toMatchObject({ status: "stale", started_at: null, error: { code: "STALE" } });
      const blocked = await user.plan(capsule);
      expect(blocked).toMatchObject({
        status: "blocked",
        provider_bindings: [{ status: "blocked_missing_connection", reason: "connection_deleted", connection_id: id }],
      });
    });
  });
