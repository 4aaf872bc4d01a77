import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { deployOn, type Run } from "@takosumi/testkit/deploy";
import { filesWith } from "@takosumi/testkit/files-below";
import { GitRepository } from "@takosumi/testkit/git-repository";
import { type GitSsh, sshKey, startGitSsh } from "@takosumi/testkit/git-ssh";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

if (tools.tofu && tools.git && tools.sshd)
  describe("git over ssh, with an sshd of its own", () => {
    let scratch: string;
    let api: TestApi;
    let runner: TestRunner;
    let server: GitSsh;
    let user: ReturnType<typeof deployOn>;
    let repository: GitRepository;
    let secret_id: string;
    let project_id: string;
    /** What the runner pins for every Capsule. */
    let pins: string;
    let names = 0;
    beforeAll(async () => {
      scratch = await mkdtemp(join(tmpdir(), "takosumi-ssh-"));
      repository = await GitRepository.create(join(scratch, "served"), "a.git", {
        "main.tf": 'resource "terraform_data" "a" { input = "over ssh" }\noutput "o" { value = terraform_data.a.output }\n',
      });
      server = await startGitSsh(scratch, repository.path);
      api = await startApi();
      pins = join(scratch, "known_hosts");
      await writeFile(pins, "");
      runner = await startRunner(api, {
        more: {
          TAKOSUMI_SSH_KNOWN_HOSTS: pins,
          TAKOSUMI_GIT_PRIVATE_HOSTS: "127.0.0.0/8",
          TAKOSUMI_GIT_FILE_ROOTS: join(scratch, "served"),
        },
      });
      user = deployOn(api.call);
      project_id = await user.project();
      secret_id = (await user.ok("POST", "/api/secrets", { name: "DEPLOY_KEY", value: server.key })).secret.id;
    });
    afterAll(async () => {
      await runner?.close();
      await api?.close();
      await server?.close();
      await rm(scratch, { recursive: true, force: true });
    });
    const planOf = async (source: object, more: object = {}): Promise<Run> =>
      user.plan(
        (await user.ok("POST", "/api/capsules", { project_id, name: `c-${names++}`, source: { kind: "git", ...source }, ...more })).capsule
          .id,
      );
    const own = () => ({ url: `ssh://${server.authority}/a.git`, secret_id, known_hosts: [server.hostKey] });

    test("a source is fetched with the key that its Secret holds, and applied", async () => {
      const planned = await planOf(own());
      expect(planned.error).toBeNull();
      expect(planned).toMatchObject({ status: "planned", source_snapshot: { commit: await repository.git("rev-parse", "HEAD") } });
      const applied = await user.approve(planned);
      expect(applied.status).toBe("succeeded");
      const line = server.key.split("\n")[2] as string;
      expect(JSON.stringify([planned, applied, await user.log(planned), runner.process.lines])).not.toContain(line);
      for (const directory of [api.dataDir, runner.dir]) expect(await filesWith(directory, line)).toEqual([]);
    });

    test("a host that is not pinned shows its fingerprint, and pinned by that line it is taken", async () => {
      const refused = await planOf({ ...own(), known_hosts: [] });
      expect(refused.error).toMatchObject({
        code: "SOURCE_HOST_KEY_UNKNOWN",
        message: expect.stringMatching(/ssh-ed25519 SHA256:[A-Za-z0-9+/]{43}/),
      });
      const { line } = refused.error.details.offered[0];
      expect(line).toBe(server.hostKey);
      expect((await planOf({ ...own(), known_hosts: [line] })).status).toBe("planned");
      const other = await sshKey(scratch, "other");
      const pinned = `${server.hostKey.split(" ")[0]} ${other.open.split(" ").slice(0, 2).join(" ")}`;
      expect((await planOf({ ...own(), known_hosts: [pinned] })).error.code).toBe("SOURCE_HOST_KEY_CHANGED");
      const wrong = (await user.ok("POST", "/api/secrets", { name: "OTHER_KEY", value: other.secret })).secret.id;
      expect((await planOf({ ...own(), secret_id: wrong })).error.code).toBe("SOURCE_UNAUTHORIZED");
      const text = (await user.ok("POST", "/api/secrets", { name: "NO_KEY", value: "not a key at all" })).secret.id;
      expect((await planOf({ ...own(), secret_id: text })).error.code).toBe("SOURCE_CREDENTIAL_INVALID");
    });

    test("what the operator pins holds for every Capsule, for its source and for its modules", async () => {
      await writeFile(pins, `${server.hostKey}\n`);
      const { known_hosts: _, ...unpinned } = own();
      expect(await planOf(unpinned)).toMatchObject({ status: "planned", error: null });
      const files = { "main.tf": `module "p" { source = "git::ssh://${server.authority}/a.git" }\n` };
      const module_credentials = [{ host: `127.0.0.1:${server.port}`, kind: "git", secret_id }];
      const made = { project_id, name: `c-${names++}`, source: { kind: "inline", files }, module_credentials };
      const planned = await user.plan((await user.ok("POST", "/api/capsules", made)).capsule.id);
      expect(planned).toMatchObject({ status: "planned", error: null });
      await writeFile(pins, "");
      expect((await planOf(unpinned)).error.code).toBe("SOURCE_HOST_KEY_UNKNOWN");
    });

    test("a private module comes over ssh with its own key, in init alone", async () => {
      const files = { "main.tf": `module "p" { source = "git::ssh://${server.authority}/a.git" }\noutput "o" { value = module.p.o }\n` };
      const module_credentials = [{ host: `127.0.0.1:${server.port}`, kind: "git", secret_id, known_hosts: [server.hostKey] }];
      const without = await user.plan(
        (await user.ok("POST", "/api/capsules", { project_id, name: `c-${names++}`, source: { kind: "inline", files } })).capsule.id,
      );
      expect(without.error.code).toBe("INIT_FAILED");
      const planned = await user.plan(
        (
          await user.ok("POST", "/api/capsules", {
            project_id,
            name: `c-${names++}`,
            source: { kind: "inline", files },
            module_credentials,
          })
        ).capsule.id,
      );
      expect(planned.error).toBeNull();
      expect(planned.module_credentials).toEqual([{ host: `127.0.0.1:${server.port}`, kind: "git" }]);
      expect((await user.approve(planned)).status).toBe("succeeded");
    });

    test("a repository of the runner's machine is taken below the roots that it names", async () => {
      const run = await planOf({ url: `file://${repository.path}` });
      expect(run).toMatchObject({ status: "planned", source_snapshot: { commit: await repository.git("rev-parse", "HEAD") } });
      expect((await planOf({ url: `file://${scratch}/served/../x` })).error.code).toBe("SOURCE_URL_REFUSED");
    });
  });
