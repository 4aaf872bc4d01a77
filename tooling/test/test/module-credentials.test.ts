import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { deployOn } from "@takosumi/testkit/deploy";
import { filesWith } from "@takosumi/testkit/files-below";
import { type GitHttp, startGitHttp } from "@takosumi/testkit/git-http";
import { GitRepository } from "@takosumi/testkit/git-repository";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const token = "tok-3n-of-the-m0dules";
const registry = "tok-3n-of-the-reg1stry";

if (tools.tofu && tools.git)
  describe("module_credentials", () => {
    let scratch: string;
    let api: TestApi;
    let runner: TestRunner;
    let server: GitHttp;
    let user: ReturnType<typeof deployOn>;
    beforeAll(async () => {
      scratch = await mkdtemp(join(tmpdir(), "takosumi-modules-"));
      await GitRepository.create(join(scratch, "served"), "m.git", { "m.tf": 'output "o" { value = "from the module" }\n' });
      server = await startGitHttp(join(scratch, "served"), { password: `x-access-token:${token}` });
      api = await startApi();
      runner = await startRunner(api, { more: { TAKOSUMI_GIT_PRIVATE_HOSTS: server.authority } });
      user = deployOn(api.call);
    });
    afterAll(async () => {
      await runner?.close();
      await api?.close();
      await server?.close();
      await rm(scratch, { recursive: true, force: true });
    });

    test("init shows them to their hosts, no other phase and no other host sees them, apply needs none", async () => {
      const secret = async (name: string, value: string): Promise<string> =>
        (await user.ok("POST", "/api/secrets", { name, value })).secret.id;
      const module_credentials = [
        { host: server.authority, kind: "git", secret_id: await secret("MODULES", token) },
        { host: "registry.example.com", kind: "registry", secret_id: await secret("REGISTRY", registry) },
      ];
      const files = {
        "main.tf": `module "private" { source = "git::${server.url}/private/m.git" }
module "public" { source = "git::${server.url}/m.git" }
resource "terraform_data" "a" {
  input = module.private.o
  provisioner "local-exec" { command = "env; ls -R /io; cat /io/*.tfrc" }
}
output "o" { value = terraform_data.a.output }
`,
      };
      expect((await user.plan(await user.capsule(files))).error.code).toBe("INIT_FAILED");
      server.requests.length = 0;
      const id = await user.capsule(files, { module_credentials });
      const planned = await user.plan(id);
      expect(planned.error).toBeNull();
      const shown = new Set(server.requests.filter(({ line }) => line.includes("/private/")).map(({ authorization }) => authorization));
      expect(shown).toContain(`Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`);
      expect(planned.module_credentials).toEqual([
        { host: server.authority, kind: "git" },
        { host: "registry.example.com", kind: "registry" },
      ]);
      await server.close();
      const applied = await user.approve(planned);
      expect(applied.status).toBe("succeeded");
      const log = await user.log(applied);
      expect(log).toContain("TF_CLI_CONFIG_FILE=");
      expect(log).not.toMatch(/GIT_CONFIG|module-access|modules\.tfrc|redacted/);
      const told = JSON.stringify([
        planned,
        applied,
        log,
        await user.log(planned),
        await user.ok("GET", `/api/capsules/${id}`),
        runner.process.lines,
      ]);
      for (const value of [token, registry, Buffer.from(`x-access-token:${token}`).toString("base64")]) {
        expect(told).not.toContain(value);
        for (const directory of [api.dataDir, runner.dir]) expect(await filesWith(directory, value)).toEqual([]);
      }
    });
  });
