import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { deployOn, type Run } from "@takosumi/testkit/deploy";
import { filesWith } from "@takosumi/testkit/files-below";
import { type GitHttp, startGitHttp } from "@takosumi/testkit/git-http";
import { GitRepository } from "@takosumi/testkit/git-repository";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const token = "tok-3n-of-the-g1t-server";
const root = (input: string) => `
module "m" {
  source = "../modules/m"
  word   = "${input}"
}
output "o" { value = module.m.o }
`;
const files = (input: string) => ({
  "live/main.tf": root(input),
  "modules/m/main.tf":
    'variable "word" {}\nresource "terraform_data" "a" { input = var.word }\noutput "o" { value = terraform_data.a.output }\n',
});

if (tools.tofu && tools.git)
  describe("a source in a git repository, over http", () => {
    let scratch: string;
    let api: TestApi;
    let runner: TestRunner;
    let server: GitHttp;
    let user: ReturnType<typeof deployOn>;
    let repository: GitRepository;
    let secret_id: string;
    let project_id: string;
    let names = 0;
    beforeAll(async () => {
      scratch = await mkdtemp(join(tmpdir(), "takosumi-git-"));
      const served = join(scratch, "served");
      repository = await GitRepository.create(served, "a.git", files("first"));
      const redirect = (path: string) =>
        path.startsWith("/same-host.git")
          ? path.replace("same-host", "a")
          : path.startsWith("/elsewhere.git")
            ? `http://localhost:9${path}`
            : null;
      server = await startGitHttp(served, { password: `someone:${token}`, redirect });
      api = await startApi();
      runner = await startRunner(api, { more: { TAKOSUMI_GIT_PRIVATE_HOSTS: server.authority } });
      user = deployOn(api.call);
      project_id = await user.project();
      secret_id = (await user.ok("POST", "/api/secrets", { name: "GIT_TOKEN", value: `someone:${token}` })).secret.id;
    });
    afterAll(async () => {
      await runner?.close();
      await api?.close();
      await server?.close();
      await rm(scratch, { recursive: true, force: true });
    });
    const capsule = async (source: object): Promise<string> =>
      (await user.ok("POST", "/api/capsules", { project_id, name: `c-${names++}`, source: { kind: "git", ...source } })).capsule.id;
    const planOf = async (source: object): Promise<Run> => user.plan(await capsule(source));
    const own = () => ({ url: `${server.url}/private/a.git`, path: "live", secret_id });

    test("is fetched with its Secret, planned, applied, and shows its commit", async () => {
      const id = await capsule(own());
      const planned = await user.plan(id);
      expect(planned.error).toBeNull();
      expect(planned).toMatchObject({ status: "planned", git: { url: own().url, ref: null, path: "live" } });
      const commit = await repository.git("rev-parse", "HEAD");
      expect(planned.source_snapshot).toMatchObject({ commit });
      const applied = await user.approve(planned);
      expect(applied).toMatchObject({ status: "succeeded", source_snapshot: { commit } });
      expect((await user.ok("GET", `/api/outputs/${id}`)).outputs).toMatchObject([{ value: "first" }]);
      const shown = (await user.ok("GET", `/api/capsules/${id}`)).capsule;
      expect(shown.source).toMatchObject({ kind: "git", commit, digest: planned.source_snapshot.digest, secret_id });
      const audit = await user.ok("GET", `/api/audit?run_id=${planned.id}`);
      const told = JSON.stringify([planned, applied, shown, audit, await user.log(planned), runner.process.lines]);
      for (const form of [token, Buffer.from(`someone:${token}`).toString("base64")]) {
        expect(told).not.toContain(form);
        for (const directory of [api.dataDir, runner.dir]) expect(await filesWith(directory, form)).toEqual([]);
      }
    });

    test("is not fetched again where it did not move, and is where it did", async () => {
      const id = await capsule(own());
      const first = await user.plan(id);
      const before = server.requests.length;
      const again = await user.plan(id);
      expect(again.source_snapshot).toEqual(first.source_snapshot);
      expect(await user.log(again)).toContain("whose snapshot is there already");
      // One look at the refs: nothing of the repository's objects is asked for.
      const asked = server.requests.slice(before).filter(({ authorization }) => authorization !== null);
      expect(asked.map(({ line }) => line)).toEqual(["GET /private/a.git/info/refs", "POST /private/a.git/git-upload-pack"]);
      const commit = await repository.commit(files("second"));
      const moved = await user.plan(id);
      expect(moved.source_snapshot).toMatchObject({ commit });
      expect(moved.source_snapshot.digest).not.toBe(first.source_snapshot.digest);
      const { events } = await user.ok("GET", `/api/audit?action=run.source_pinned&run_id=${moved.id}`);
      expect(events[0].metadata).toMatchObject({ url: own().url, commit, fetched: true });
      const silent = server.requests.length;
      expect((await planOf({ ...own(), ref: commit })).source_snapshot).toEqual(moved.source_snapshot);
      expect(server.requests.length).toBe(silent);
    });

    test("a retry is planned from the same commit, a new plan from the newest", async () => {
      await repository.commit({ "live/main.tf": "resource {" });
      const id = await capsule(own());
      const failed = await user.plan(id);
      expect(failed).toMatchObject({ status: "failed", source_snapshot: { commit: expect.any(String) } });
      const commit = await repository.commit(files("third"));
      const again = await user.until((await user.ok("POST", `/api/runs/${failed.id}/retry`, {})).run.id);
      expect(again).toMatchObject({ status: "failed", retry_of_run_id: failed.id, source_snapshot: failed.source_snapshot });
      expect(await user.plan(id)).toMatchObject({ status: "planned", source_snapshot: { commit } });
    });

    test("a branch, a tag and a full commit are told apart; the digest is that of the same files uploaded", async () => {
      const older = await repository.git("rev-parse", "HEAD");
      await repository.git("tag", "-a", "v1", "-m", "one");
      await repository.git("branch", "side");
      await repository.commit(files("fourth"));
      const [branch, tag, commit] = [
        await planOf({ ...own(), ref: "side" }),
        await planOf({ ...own(), ref: "v1" }),
        await planOf({ ...own(), ref: older }),
      ];
      for (const run of [branch, tag, commit]) expect(run).toMatchObject({ status: "planned", source_snapshot: { commit: older } });
      const inline = await user.plan(await user.capsule(files("third"), { module_path: "live" }));
      expect(inline.source_snapshot).toMatchObject({ digest: branch.source_snapshot.digest, commit: null });
    });

    test("keeps programs and links, and leaves out what .terraformignore names", async () => {
      await repository.git("checkout", "-q", "--orphan", "odd");
      await repository.commit({
        "main.tf": 'output "o" { value = join(",", sort(fileset(path.module, "**"))) }\noutput "run" { value = file("linked.sh") }\n',
        "run.sh": { program: "echo" },
        "linked.sh": { link: "run.sh" },
        "secret/key.pem": "x",
        ".terraformignore": "secret/\n",
      });
      await repository.git("checkout", "-q", "main");
      const run = await planOf({ url: own().url, secret_id, ref: "odd" });
      const value = (name: string) => run.plan.output_changes.find((one: { name: string }) => one.name === name).after;
      expect(value("run")).toBe("echo");
      expect(value("o").split(",")).toEqual(expect.arrayContaining(["linked.sh", "main.tf", "run.sh"]));
      expect(value("o")).not.toContain("secret");
      expect(await user.log(run)).toContain("1 left out");
    });

    test("whatever keeps it from being fetched is told by its code, without the Secret", async () => {
      await repository.git("checkout", "-q", "-b", "hostile");
      await repository.commit({ "main.tf": "", out: { link: "../../etc/passwd" } });
      await repository.git("checkout", "-q", "main");
      const wrong = (await user.ok("POST", "/api/secrets", { name: "WRONG", value: "someone:wr0ng-t0ken" })).secret.id;
      const cases: [object, string, string][] = [
        [{ url: `${server.url}/private/a.git` }, "SOURCE_UNAUTHORIZED", "asks for a password"],
        [{ url: `${server.url}/private/a.git`, secret_id: wrong }, "SOURCE_UNAUTHORIZED", "does not accept the Secret"],
        [{ url: `${server.url}/gone.git` }, "SOURCE_NOT_FOUND", "is not there"],
        [{ ...own(), ref: "nowhere" }, "SOURCE_REF_NOT_FOUND", '"nowhere"'],
        [{ ...own(), ref: "0".repeat(40) }, "SOURCE_REF_NOT_FOUND", "no such ref"],
        [{ ...own(), path: "nothing/here" }, "SOURCE_PATH_NOT_FOUND", '"nothing/here"'],
        [{ ...own(), path: "live", ref: "hostile" }, "SOURCE_INVALID", '"out" is a link that leaves'],
        [{ url: `${server.url}/same-host.git`, path: "live" }, "", ""],
        [{ url: `${server.url}/elsewhere.git` }, "SOURCE_PRIVATE_ADDRESS", "redirects to localhost"],
        [{ url: `${server.url.replace("127.0.0.1", "localhost")}/a.git` }, "SOURCE_PRIVATE_ADDRESS", "TAKOSUMI_GIT_PRIVATE_HOSTS"],
        [{ url: "http://127.0.0.1:1/a.git" }, "SOURCE_PRIVATE_ADDRESS", "127.0.0.1"],
        [{ url: "https://nowhere.invalid/a.git" }, "SOURCE_UNREACHABLE", "nowhere.invalid"],
        [{ url: "file:///etc" }, "SOURCE_URL_REFUSED", "TAKOSUMI_GIT_FILE_ROOTS"],
      ];
      const ids = await Promise.all(cases.map(([given]) => capsule(given)));
      const runs = await Promise.all(ids.map((id) => user.plan(id)));
      for (const [index, [given, code, words]] of cases.entries()) {
        const run = runs[index];
        expect(run.error?.code ?? "", JSON.stringify([given, run.error])).toBe(code);
        expect(run.error?.message ?? "").toContain(words);
        expect(JSON.stringify(run)).not.toMatch(/wr0ng-t0ken|tok-3n/);
      }
    });
  });
