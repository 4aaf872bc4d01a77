import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppRouter } from "@takosumi/contracts/router";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { tarGz } from "@takosumi/testkit/archives";
import { type Call, caller } from "@takosumi/testkit/call";
import { deployOn, type Run } from "@takosumi/testkit/deploy";
import { type GitHttp, startGitHttp } from "@takosumi/testkit/git-http";
import { GitRepository } from "@takosumi/testkit/git-repository";
import { killNaming } from "@takosumi/testkit/kill-tree";
import { Leaks } from "@takosumi/testkit/leaks";
import { standInMirror } from "@takosumi/testkit/mirror";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { FakeSts, raw } from "@takosumi/testkit/sts";
import { tools } from "@takosumi/testkit/tools";
import { createTRPCClient, httpLink } from "@trpc/client";
import superjson from "superjson";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const unique = (name: string) => `${name}/${randomBytes(15).toString("base64")}+${name}`;
/** Everything that must be nowhere. */
const secrets = {
  tofu: unique("t0fu"),
  env: unique("env"),
  sensitive: unique("sens"),
  ofRun: unique("one run"),
  derived: `derived${randomBytes(12).toString("hex")}`,
  token: `cf${randomBytes(20).toString("hex")}`,
  file: `-----BEGIN OPAQUE-----\n${randomBytes(32).toString("base64")}\n-----END OPAQUE-----\n`,
  awsKey: randomBytes(20).toString("hex"),
  git: `of-the-repository:${randomBytes(20).toString("hex")}`,
  wrongGit: `of-nobody:${randomBytes(20).toString("hex")}`,
  modules: randomBytes(20).toString("hex"),
  temporaryKey: `ASIA${randomBytes(8).toString("hex").toUpperCase()}`,
  temporarySecret: randomBytes(20).toString("hex"),
  temporarySession: randomBytes(30).toString("hex"),
};
const visible = `visible-${randomBytes(6).toString("hex")}`;

const telling = `
terraform {
  required_providers {
    cloudflare = { source = "cloudflare/cloudflare" }
    aws        = { source = "hashicorp/aws" }
    any        = { source = "example.com/acme/any" }
  }
}
variable "secret" { type = string }
variable "sensitive" { type = string }
resource "terraform_data" "tells" {
  input = var.secret
  provisioner "local-exec" {
    command = <<-EOT
      echo ${visible}; env; env | base64; env | od -An -tx1 | tr -d ' \\n'; cat "$ACME_FILE"; echo "$SECRET_ENV" | sed 's/./&&/g'
      echo '\${var.secret}' '\${var.sensitive}' | base64 -w0
    EOT
  }
}
output "visible" { value = "${visible}" }
output "masked" {
  value     = "${secrets.derived}"
  sensitive = true
}
output "told" { value = nonsensitive("<\${var.secret}>") }
`;
const failing = `
variable "secret" { type = string }
resource "terraform_data" "fails" {
  provisioner "local-exec" { command = "echo \${nonsensitive(var.secret)} >&2; exit 3" }
}
`;
const refused = `
variable "secret" { type = string }
check "never" {
  assert {
    condition     = false
    error_message = "not \${nonsensitive(var.secret)}"
  }
}
resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition     = false
      error_message = "never \${nonsensitive(var.secret)}"
    }
  }
}
`;
const waiting = `resource "terraform_data" "waits" {
  provisioner "local-exec" { command = "sleep 60" }
}
`;

/** Its root is fetched with one Secret, and a module of it with another. */
const fetched = (modules: GitHttp) => `module "m" { source = "git::${modules.url}/private/m.git" }
resource "terraform_data" "a" {
  input = module.m.o
  provisioner "local-exec" { command = "env; git config --list || true; ls -laR /work /io /credentials || true" }
}
`;

if (tools.tofu && tools.mirror && tools.git)
  describe("what is recorded of Runs", () => {
    const leaks = new Leaks(secrets);
    /** What must not be told of where things are kept; at rest they are there. */
    let inside: Leaks;
    const control = new Leaks({ visible });
    const watching: typeof fetch = async (input, init) => {
      const response = await leaks.fetch(input, init);
      for (const other of [inside, control]) other.response(String(input), response.headers, await response.clone().text());
      return response;
    };
    let api: TestApi;
    let runner: TestRunner;
    let mirror: string;
    let scratch: string;
    let git: GitHttp;
    let modules: GitHttp;
    const sts = new FakeSts();
    let call: Call;
    let user: ReturnType<typeof deployOn>;
    /** `others` ended before they had all of their facts. */
    const made: { runs: Run[]; others: Run[]; capsules: string[] } = { runs: [], others: [], capsules: [] };

    beforeAll(async () => {
      const temporary = `<Credentials><AccessKeyId>${secrets.temporaryKey}</AccessKeyId><SecretAccessKey>${secrets.temporarySecret}</SecretAccessKey><SessionToken>${secrets.temporarySession}</SessionToken><Expiration>2040-01-01T00:00:00Z</Expiration></Credentials>`;
      const answer = `<AssumeRoleResponse><AssumeRoleResult>${temporary}</AssumeRoleResult></AssumeRoleResponse>`;
      sts.answer = raw(200, answer);
      const providers = ["registry.opentofu.org/cloudflare/cloudflare", "registry.opentofu.org/hashicorp/aws", "example.com/acme/any"];
      mirror = await standInMirror(providers);
      const lease = { TAKOSUMI_LEASE_SECONDS: "3", TAKOSUMI_LEASE_RENEW_SECONDS: "1", TAKOSUMI_LEASE_GRACE_SECONDS: "1" };
      api = await startApi({ env: { ...lease, TAKOSUMI_AWS_STS_ENDPOINT: await sts.start() } });
      scratch = await mkdtemp(join(tmpdir(), "takosumi-recorded-"));
      [git, modules] = await Promise.all([
        startGitHttp(scratch, { password: secrets.git }),
        startGitHttp(scratch, { password: `x-access-token:${secrets.modules}` }),
      ]);
      await GitRepository.create(scratch, "m.git", { "m.tf": 'output "o" { value = "from the module" }\n' });
      await GitRepository.create(scratch, "a.git", { "live/main.tf": fetched(modules) });
      const reached = { TAKOSUMI_GIT_PRIVATE_HOSTS: `${git.authority},${modules.authority}` };
      runner = await startRunner(api, { more: { TAKOSUMI_PROVIDER_MIRROR: mirror, ...reached } });
      inside = new Leaks(
        {},
        { "the data directory": api.dataDir, "the runner's directory": runner.dir, "a sealed text": "tk1.", "a column": "variable_set" },
      );
      call = caller(api.url, api.token, watching);
      user = deployOn(call);
    });
    afterAll(async () => {
      await runner?.close();
      await api?.close();
      await sts.stop();
      await Promise.all([git?.close(), modules?.close()]);
      for (const directory of [mirror, scratch]) await rm(directory, { recursive: true, force: true });
    });

    const secret = async (name: string, value: string): Promise<string> =>
      (await user.ok("POST", "/api/secrets", { name, value })).secret.id;
    const connection = async (body: object): Promise<string> => (await user.ok("POST", "/api/connections", body)).connection.id;
    const capsule = async (text: string, more: object = {}): Promise<string> => {
      const id = await user.capsule({ "main.tf": text }, more);
      made.capsules.push(id);
      return id;
    };
    const kept = <R extends Run>(run: R): R => (made.runs.push(run), run);

    test("Runs of every kind are made, with secrets wherever there can be one", async () => {
      const fromSecret = { name: "secret", secret_id: await secret("TOFU", secrets.tofu) };
      const aws = {
        name: "aws",
        provider: "hashicorp/aws",
        recipe: { id: "aws", auth_mode: "assume_role" },
        values: {
          AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
          AWS_SECRET_ACCESS_KEY: secrets.awsKey,
          AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/deploy",
        },
      };
      const files = [{ path: "opaque.pem", content: secrets.file, env_name: "ACME_FILE" }];
      const any = { name: "any", provider: "example.com/acme/any", recipe: { id: "generic-env" }, values: { ACME_NAME: "n" }, files };
      const token = { CLOUDFLARE_API_TOKEN: await secret("CF", secrets.token) };
      const bindings = [
        {
          provider: "cloudflare/cloudflare",
          connection_id: await connection({ name: "cf", provider: "cloudflare/cloudflare", recipe: { id: "cloudflare" }, secrets: token }),
        },
        { provider: "hashicorp/aws", connection_id: await connection(aws) },
        { provider: "example.com/acme/any", connection_id: await connection(any) },
      ];
      const tells = await capsule(telling, {
        provider_bindings: bindings,
        variables: [
          fromSecret,
          { name: "sensitive", value: secrets.sensitive, sensitive: true },
          { name: "SECRET_ENV", kind: "env", secret_id: await secret("ENV", secrets.env) },
        ],
      });
      const ofRun = [{ name: "sensitive", value: secrets.ofRun, sensitive: true }];
      const planned = kept(await user.plan(tells, { variables: ofRun }));
      expect({ status: planned.status, error: planned.error }).toEqual({ status: "planned", error: null });
      const applied = kept(await user.approve(planned));
      expect({ status: applied.status, error: applied.error }).toEqual({ status: "succeeded", error: null });

      const fails = kept(await user.approve(await user.plan(await capsule(failing, { variables: [fromSecret] }))));
      const errs = kept(await user.plan(await capsule(refused, { variables: [fromSecret] })));
      const blocked = kept(await user.plan(await capsule(telling, { variables: [fromSecret, { name: "sensitive", value: "x" }] })));
      expect([fails.status, errs.status, blocked.status]).toEqual(["failed", "failed", "blocked"]);

      const source = { kind: "git", url: `${git.url}/private/a.git`, path: "live", secret_id: await secret("GIT", secrets.git) };
      const module_credentials = [{ host: modules.authority, kind: "git", secret_id: await secret("MODULES", secrets.modules) }];
      const fromGit = await capsule("", { source, module_credentials });
      const ofCommit = kept(await user.plan(fromGit));
      expect({ error: ofCommit.error, commit: ofCommit.source_snapshot?.commit }).toEqual({
        error: null,
        commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      });
      expect(kept(await user.approve(ofCommit)).status).toBe("succeeded");
      await user.ok("PATCH", `/api/capsules/${fromGit}`, { source: { ...source, secret_id: await secret("WRONG", secrets.wrongGit) } });
      const unfetched = await user.plan(fromGit);
      expect(unfetched).toMatchObject({ status: "failed", error: { code: "SOURCE_UNAUTHORIZED" }, source_snapshot: null });
      made.others.push(unfetched);

      const archive = new Uint8Array(tarGz([{ name: "main.tf", body: waiting }]));
      const { source: uploadedSource } = (
        await call("POST", "/api/sources", { raw: archive, headers: { "content-type": "application/gzip" } })
      ).body;
      const uploaded = (
        await user.ok("POST", "/api/capsules", {
          project_id: await user.project(),
          name: "up",
          source: { kind: "upload", source_id: uploadedSource.id },
        })
      ).capsule.id;
      made.capsules.push(uploaded);
      const applying = async () => {
        const plan = kept(await user.plan(uploaded));
        const { run } = await user.ok("POST", `/api/runs/${plan.id}/approve`, { plan_digest: plan.plan.digest });
        return user.until(run.id, ({ phase, status }) => phase === "applying" || (status !== "running" && status !== "queued"));
      };
      const stopped = await applying();
      await user.ok("POST", `/api/runs/${stopped.id}/cancel`, {});
      expect(kept(await user.until(stopped.id)).status).toBe("cancelled");
      const lost = await applying();
      await killNaming(runner.dir);
      expect(kept(await user.until(lost.id, ({ status }) => status !== "running")).status).toBe("needs_recovery");
      const { run: recovered } = await user.ok("POST", `/api/runs/${lost.id}/recover`, {
        action: "keep_previous",
        ledger_acknowledged: true,
      });
      expect(recovered.status).toBe("failed");
    });

    test("every Run says its facts, alike over REST, tRPC and in its audit evidence", async () => {
      const headers = { authorization: `Bearer ${api.token}` };
      const t = createTRPCClient<AppRouter>({ links: [httpLink({ url: `${api.url}/trpc`, transformer: superjson, headers })] });
      for (const { id } of made.runs) {
        const { run } = await user.ok("GET", `/api/runs/${id}`);
        expect((await t.runs.read.query({ id })).run).toEqual(run);
        expect(run).toMatchObject({
          source_snapshot: { digest: expect.stringMatching(/^sha256:/) },
          tool: { name: "opentofu", version: expect.stringMatching(/^1\./) },
          provider_bindings: expect.any(Array),
          injected_env: expect.any(Array),
          actor: { id: expect.stringMatching(/^usr_/), name: "Owner" },
          created_at: expect.any(String),
          started_at: expect.any(String),
          audit: { first_event_id: expect.stringMatching(/^aud_/), last_event_id: expect.stringMatching(/^aud_/) },
        });
        const { events } = await user.ok("GET", `/api/audit?run_id=${id}`);
        const evidence = events.find(({ metadata }: { metadata: { evidence?: object } }) => metadata.evidence)?.metadata.evidence;
        expect(evidence).toMatchObject({
          source_snapshot_id: run.source_snapshot.id,
          tool: run.tool,
          provider_lock_digest: run.provider_lock_digest,
          injected_env: run.injected_env.map(({ name, kind, phase }: Run) => ({ name, kind, phase })),
          actor_id: run.actor.id,
          // A plan is recorded before it is approved, which is an event of its own.
          approved_by: run.kind === "plan" ? null : run.approved_by,
          started_at: run.started_at,
        });
        expect(evidence.provider_bindings).toHaveLength(run.provider_bindings.length);
      }
      const [planned, applied] = made.runs;
      const { run } = await user.ok("GET", `/api/runs/${applied.id}`);
      expect(run).toMatchObject({
        provider_lock_digest: expect.any(String),
        apply: { summary: { add: 1 } },
        state_version_id: expect.any(String),
      });
      expect(run.injected_env.map(({ name }: Run) => name)).toEqual(
        expect.arrayContaining(["AWS_SESSION_TOKEN", "ACME_FILE", "SECRET_ENV"]),
      );
      const { outputs, state_version_id } = await user.ok("GET", `/api/outputs/${run.capsule_id}`);
      expect([outputs.map(({ name }: Run) => name), state_version_id]).toEqual([["masked", "told", "visible"], run.state_version_id]);
      const [done] = (await user.ok("GET", `/api/audit?run_id=${run.id}&action=run.applied`)).events;
      expect(done.metadata).toMatchObject({
        outputs: ["masked", "told", "visible"],
        evidence: { plan_run_id: planned.id, apply: { add: 1 }, state_version_id: run.state_version_id },
      });
      const [plan] = (await user.ok("GET", `/api/audit?run_id=${planned.id}&action=run.planned`)).events;
      expect(plan.metadata.evidence.plan).toEqual({ digest: planned.plan.digest, has_changes: true });
      expect(done.metadata.evidence.log_bytes).toBeGreaterThan(0);
    });

    test("what is refused does not say what was sent", async () => {
      const { tofu: value } = secrets;
      const [id = ""] = made.capsules;
      const wrong: readonly (readonly [string, string, object])[] = [
        ["POST", "/api/secrets", { name: "no name", value }],
        [
          "POST",
          "/api/connections",
          { name: "n", provider: "hashicorp/aws", recipe: { id: "aws" }, values: { AWS_SECRET_ACCESS_KEY: `${value} ` } },
        ],
        ["POST", "/api/connections", { name: "n", provider: "a/b", recipe: { id: "none" }, values: { TOKEN: value } }],
        ["PATCH", `/api/capsules/${id}`, { variables: [{ name: "1", value, sensitive: true }] }],
        ["POST", "/api/runs", { kind: "plan", capsule_id: id, variables: [{ name: "a", kind: "env", value: [value] }] }],
      ];
      for (const [method, path, body] of wrong) expect((await call(method, path, { body })).status, path).toBe(400);
    });

    test("no answer of any kind holds a secret, nor where anything is kept", async () => {
      const lists = [
        "projects",
        "capsules",
        "secrets",
        "connections",
        "recipes",
        "sources",
        "runs",
        "runners",
        "runner-pools",
        "audit?limit=100",
      ];
      for (const path of lists) await user.ok("GET", `/api/${path}`);
      for (const one of [...made.runs, ...made.others]) {
        for (const path of ["", "/logs", "/events?limit=1000", "/replay", "/changes", "/artifacts", "/sse"])
          await user.ok("GET", `/api/runs/${one.id}${path}`);
        await call("GET", `/api/runs/${one.id}/logs`, { headers: { accept: "text/plain" } });
        for (const { id } of (await user.ok("GET", `/api/runs/${one.id}/artifacts`)).artifacts)
          for (const path of ["", "/content"]) await user.ok("GET", `/api/artifacts/${id}${path}`);
      }
      for (const id of made.capsules)
        for (const path of [`capsules/${id}`, `state/${id}/versions`, `outputs/${id}`, `runs?capsule_id=${id}`])
          await user.ok("GET", `/api/${path}`);
      for (const { id } of (await user.ok("GET", "/api/connections")).connections) await user.ok("GET", `/api/connections/${id}`);
      for (const { id } of (await user.ok("GET", "/api/secrets")).secrets) await user.ok("GET", `/api/secrets/${id}`);

      const headers = { authorization: `Bearer ${api.token}` };
      const t = createTRPCClient<AppRouter>({
        links: [httpLink({ url: `${api.url}/trpc`, transformer: superjson, headers, fetch: watching as never })],
      });
      for (const { id } of made.runs)
        await Promise.all([t.runs.read.query({ id }), t.runs.logs.query({ id }), t.runEvents.list.query({ id })]);
      for (const capsule_id of made.capsules)
        await Promise.all([t.capsules.read.query({ id: capsule_id }), t.outputs.list.query({ capsule_id })]);
      await Promise.all([t.audit.list.query({ limit: 100 }), t.connections.list.query(), t.secrets.list.query(), t.runs.list.query({})]);

      expect(leaks.found).toEqual([]);
      expect(inside.found).toEqual([]);
      expect(control.found.length).toBeGreaterThan(5);
      expect(leaks.searched.responses).toBeGreaterThan(200);
    });

    test("nothing is written anywhere in the clear", async () => {
      await leaks.database(api.database.db);
      await leaks.files(api.dataDir);
      await control.database(api.database.db);
      leaks.look("what the api printed", JSON.stringify(api.process.lines));
      leaks.look("what the runner printed", JSON.stringify(runner.process.lines));
      expect(leaks.found).toEqual([]);
      expect(control.found.some((one) => one.startsWith("run_events."))).toBe(true);
      const { responses, values, files, bytes } = leaks.searched;
      console.log(
        `searched ${responses} answers, ${values} values of the database, ${files} files, ${Math.round(bytes / 1024)} KiB: ${leaks.found.length} hits`,
      );
    });
  });
