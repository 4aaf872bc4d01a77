import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { ownAuthority } from "@takosumi/testkit/authority";
import { deployOn, type Run } from "@takosumi/testkit/deploy";
import { type GitHttp, startGitHttp } from "@takosumi/testkit/git-http";
import { GitRepository } from "@takosumi/testkit/git-repository";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const token = "tok-3n-of-the-g1t-server";
const registryToken = "tok-3n-of-the-reg1stry";

/** A module registry beside the repositories, which tells nobody without its token; and a repository whose server never answers. */
const registry = (shown: (string | undefined)[]) => (request: IncomingMessage, response: ServerResponse) => {
  const path = request.url ?? "";
  if (path.startsWith("/stalls.git")) return true;
  const json = (body: unknown, headers = {}) =>
    response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  if (path === "/.well-known/terraform.json") json({ "modules.v1": "/v1/modules/" });
  else if (path.startsWith("/v1/modules/acme/net/null/")) {
    shown.push(request.headers.authorization);
    if (request.headers.authorization !== `Bearer ${registryToken}`) response.writeHead(401).end();
    else if (path.endsWith("/versions")) json({ modules: [{ versions: [{ version: "1.0.0" }] }] });
    else response.writeHead(204, { "x-terraform-get": `git::https://${request.headers.host}/private/m.git` }).end();
  } else return false;
  return true;
};

if (tools.tofu && tools.git && tools.openssl)
  describe("git and modules over https, from a host that an own authority signed for", () => {
    let scratch: string;
    let api: TestApi;
    let runner: TestRunner;
    let server: GitHttp;
    let ca: string;
    let user: ReturnType<typeof deployOn>;
    let project_id: string;
    let secret_id: string;
    const shown: (string | undefined)[] = [];
    let names = 0;
    beforeAll(async () => {
      scratch = await mkdtemp(join(tmpdir(), "takosumi-https-"));
      const served = join(scratch, "served");
      await mkdir(served);
      await GitRepository.create(served, "a.git", { "main.tf": 'output "o" { value = "over https" }\n' });
      await GitRepository.create(served, "m.git", { "m.tf": 'output "o" { value = "from the registry" }\n' });
      await GitRepository.create(served, "huge.git", { "main.tf": "", data: randomBytes(300_000).toString("base64") });
      const made = ownAuthority(scratch);
      ca = made.ca;
      server = await startGitHttp(served, { password: `x-access-token:${token}`, tls: made, before: registry(shown) });
      api = await startApi();
      user = deployOn(api.call);
      project_id = await user.project();
      secret_id = (await user.ok("POST", "/api/secrets", { name: "GIT_TOKEN", value: token })).secret.id;
    });
    afterAll(async () => {
      await runner?.close();
      await api?.close();
      await server?.close();
      await rm(scratch, { recursive: true, force: true });
    });
    const capsule = async (source: object, more: object = {}): Promise<string> =>
      (await user.ok("POST", "/api/capsules", { project_id, name: `c-${names++}`, source, ...more })).capsule.id;
    const git = (name: string, more: object = {}) => capsule({ kind: "git", url: `${server.url}/${name}.git`, ...more });
    const runnerWith = async (more: Record<string, string>) => {
      await runner?.close();
      runner = await startRunner(api, { more: { TAKOSUMI_GIT_PRIVATE_HOSTS: server.authority, ...more } });
    };

    test("a runner that does not know the authority shows nothing to the host", async () => {
      await runnerWith({});
      const before = server.requests.length;
      const refused = await user.plan(await git("private/a", { secret_id }));
      expect(refused.error).toMatchObject({ code: "SOURCE_UNREACHABLE", message: expect.stringContaining("certificate is not accepted") });
      expect(refused.error.message).toContain("TAKOSUMI_CA_CERTIFICATES");
      expect(server.requests.length).toBe(before);
    });

    test("one that was told of it fetches, with the Secret, and applies; a repository that is too large is refused, a silent one given up", async () => {
      await runnerWith({ TAKOSUMI_CA_CERTIFICATES: ca, TAKOSUMI_GIT_BYTES: "65536", TAKOSUMI_GIT_SECONDS: "8" });
      const planned = await user.plan(await git("private/a", { secret_id }));
      expect(planned.error).toBeNull();
      expect((await user.approve(planned)).status).toBe("succeeded");
      expect((await user.ok("GET", `/api/outputs/${planned.capsule_id}`)).outputs).toMatchObject([{ value: "over https" }]);
      const [huge, silent] = await Promise.all([git("huge"), git("stalls")]);
      expect((await user.plan(huge)).error).toMatchObject({ code: "SOURCE_TOO_LARGE" });
      expect((await user.plan(silent)).error).toMatchObject({ code: "SOURCE_TIMEOUT", message: expect.stringContaining("within 8 s") });
    });

    test("a fetch that is under way is cancelled at once, and the Capsule is free", async () => {
      await runnerWith({ TAKOSUMI_CA_CERTIFICATES: ca });
      const id = await git("stalls");
      const before = server.requests.length;
      const { run } = await user.ok("POST", "/api/runs", { kind: "plan", capsule_id: id });
      await expect.poll(() => server.requests.length, { timeout: 20_000 }).toBeGreaterThan(before);
      expect(await user.until(run.id, ({ phase }: Run) => phase === "preparing")).toMatchObject({ status: "running" });
      await user.ok("POST", `/api/runs/${run.id}/cancel`, {});
      expect(await user.until(run.id)).toMatchObject({ status: "cancelled", source_snapshot: null });
      await user.ok("PATCH", `/api/capsules/${id}`, { source: { kind: "git", url: `${server.url}/a.git` } });
      expect((await user.plan(id)).status).toBe("planned");
    });

    test("a module comes from a registry that wants a token, and the registry's own git another", async () => {
      const files = {
        "main.tf": `module "net" {\n  source  = "${server.authority}/acme/net/null"\n  version = "1.0.0"\n}\noutput "o" { value = module.net.o }\n`,
      };
      const inline = { kind: "inline", files };
      const without = await user.plan(await capsule(inline));
      expect(without.error.code).toBe("INIT_FAILED");
      const registry_id = (await user.ok("POST", "/api/secrets", { name: "REGISTRY", value: registryToken })).secret.id;
      shown.length = 0;
      const module_credentials = [
        { host: server.authority, kind: "registry", secret_id: registry_id },
        { host: server.authority, kind: "git", secret_id },
      ];
      const planned = await user.plan(await capsule(inline, { module_credentials }));
      expect(planned.error).toBeNull();
      expect(new Set(shown)).toEqual(new Set([`Bearer ${registryToken}`]));
      expect((await user.approve(planned)).status).toBe("succeeded");
      expect((await user.ok("GET", `/api/outputs/${planned.capsule_id}`)).outputs).toMatchObject([{ value: "from the registry" }]);
      const told = JSON.stringify([planned, await user.log(planned), runner.process.lines]);
      for (const value of [token, registryToken]) expect(told).not.toContain(value);
    });
  });
