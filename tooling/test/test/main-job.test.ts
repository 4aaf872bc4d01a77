import { atWork } from "@takosumi/testkit/at-work";
import { filesWith } from "@takosumi/testkit/files-below";
import { startRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { describe, expect, test } from "vitest";

const data = (input: string) => `resource "terraform_data" "a" { input = ${input} }\noutput "o" { value = terraform_data.a.output }\n`;

if (tools.tofu)
  describe("the main job, with a real api, runner and tofu", () => {
    const on = atWork();

    test("plan, review, approve, apply, outputs, and nothing more to do", async () => {
      const capsule = await on.user.capsule({ "main.tf": data('"hello"') });
      const planned = await on.user.plan(capsule);
      expect(planned).toMatchObject({
        status: "planned",
        plan: { summary: { add: 1 }, has_changes: true, resource_changes: [{ address: "terraform_data.a", risk: "low" }] },
      });
      expect(planned.phases.map(({ name }: { name: string }) => name)).toEqual(["preparing", "initializing", "resolving", "planning"]);
      expect(planned.actions.find(({ name }: { name: string }) => name === "approve")).toMatchObject({ allowed: true, why_not: null });
      const applied = await on.user.approve(planned);
      expect(applied).toMatchObject({ kind: "apply", status: "succeeded", plan_run_id: planned.id, apply: { summary: { add: 1 } } });
      expect((await on.user.ok("GET", `/outputs/${capsule}`)).outputs).toEqual([
        { name: "o", type: "string", value: "hello", sensitive: false },
      ]);
      expect(await on.user.log(applied)).toContain("terraform_data.a: Creation complete");
      expect(await on.user.plan(capsule)).toMatchObject({ status: "succeeded", plan: { has_changes: false } });
    });

    test("a secret stands in no response, no log, and no file", async () => {
      const value = "p4ssw0rd-of-the-main-job";
      const { secret } = await on.user.ok("POST", "/secrets", { name: "DB_PASSWORD", value });
      const files = {
        "main.tf": `variable "pw" {}\nresource "terraform_data" "a" {\n  input = var.pw\n  provisioner "local-exec" { command = "echo it is \${var.pw}" }\n}\n`,
      };
      const capsule = await on.user.capsule(files, { variables: [{ name: "pw", secret_id: secret.id }] });
      const planned = await on.user.plan(capsule);
      const applied = await on.user.approve(planned);
      expect(applied.status).toBe("succeeded");
      const log = await on.user.log(applied);
      expect(log).toContain("[redacted DB_PASSWORD]");
      const audit = await on.user.ok("GET", "/audit?limit=100");
      expect(JSON.stringify([planned, applied, log, audit, await on.user.ok("GET", `/capsules/${capsule}`)])).not.toContain(value);
      for (const directory of [on.api.dataDir, on.runner.dir]) expect(await filesWith(directory, value)).toEqual([]);
    });

    test("an error in the module fails the plan with file and line", async () => {
      const run = await on.user.plan(await on.user.capsule({ "main.tf": 'resource "terraform_data" "a" {\n  input = nothing.here\n}\n' }));
      expect(run.status).toBe("failed");
      expect(run.error.details.diagnostics[0]).toMatchObject({ severity: "error", file: "main.tf", line: 2 });
      const syntax = await on.user.plan(await on.user.capsule({ "main.tf": 'resource "x" {{\n' }));
      expect(syntax.status).toBe("failed");
      expect(syntax.error.details.diagnostics[0]).toMatchObject({ file: "main.tf", line: 1, summary: "Missing name for resource" });
    });

    test("the module's own backend is not used, and a provider that does not exist fails with its name", async () => {
      const backend = 'terraform {\n  backend "http" { address = "http://127.0.0.1:9/state" }\n}\n';
      expect(await on.user.plan(await on.user.capsule({ "main.tf": backend + data('"x"') }))).toMatchObject({ status: "planned" });
      const missing = 'terraform {\n  required_providers {\n    nope = { source = "nobody/nope" }\n  }\n}\nresource "nope_thing" "a" {}\n';
      const failed = await on.user.plan(await on.user.capsule({ "main.tf": missing }));
      expect(failed).toMatchObject({ status: "failed", error: { code: "INIT_FAILED" } });
      expect(JSON.stringify(failed.error)).toContain("nobody/nope");
    });

    test("modes, targets and replace reach the tool", async () => {
      const capsule = await on.user.capsule({ "main.tf": `${data('"x"')}resource "terraform_data" "b" { input = "y" }\n` });
      const targeted = await on.user.plan(capsule, { targets: ["terraform_data.b"] });
      expect(targeted.plan.resource_changes.map(({ address }: { address: string }) => address)).toEqual(["terraform_data.b"]);
      await on.user.ok("POST", `/api/runs/${targeted.id}/discard`, {});
      await on.user.approve(await on.user.plan(capsule));
      const replaced = await on.user.plan(capsule, { replace: ["terraform_data.a"] });
      expect(replaced.plan.resource_changes[0]).toMatchObject({
        address: "terraform_data.a",
        actions: ["delete", "create"],
        risk: "medium",
      });
      expect((await on.user.plan(capsule, { mode: "refresh_only" })).status).toBe("succeeded");
      const destroy = await on.user.plan(capsule, { mode: "destroy" });
      expect(destroy.plan).toMatchObject({ summary: { destroy: 2 }, risk: { high: 2 } });
      expect(await on.user.approve(destroy)).toMatchObject({ kind: "destroy", status: "succeeded" });
      expect((await on.user.ok("GET", `/capsules/${capsule}`)).capsule).toMatchObject({ status: "destroyed", resource_count: 0 });
    });

    test("a running apply is cancelled: interrupted, its state recorded, the Capsule free", async () => {
      const slow =
        'resource "terraform_data" "first" {}\nresource "terraform_data" "slow" {\n  depends_on = [terraform_data.first]\n  provisioner "local-exec" { command = "echo begun; sleep 60" }\n}\n';
      const capsule = await on.user.capsule({ "main.tf": slow });
      const planned = await on.user.plan(capsule);
      const { run } = await on.user.ok("POST", `/api/runs/${planned.id}/approve`, {});
      const begun = async () => (await on.user.log(run)).includes("begun");
      await on.user.until(run.id, ({ status }) => status === "running");
      while (!(await begun())) await new Promise((resolve) => setTimeout(resolve, 50));
      await on.user.ok("POST", `/api/runs/${run.id}/cancel`, {});
      const ended = await on.user.until(run.id);
      expect(ended).toMatchObject({ status: "cancelled", state_version_id: expect.stringMatching(/^sv_/) });
      const { capsule: after } = await on.user.ok("GET", `/capsules/${capsule}`);
      expect(after).toMatchObject({ lock: null, current_state_version_id: ended.state_version_id });
    });

    test("an apply outlives its killed runner and is completed by the one that comes back", async () => {
      const own = await startRunner(on.api);
      await on.runner.close();
      const capsule = await on.user.capsule({
        "main.tf": 'resource "terraform_data" "a" {\n  provisioner "local-exec" { command = "echo begun; sleep 3; echo ended" }\n}\n',
      });
      const planned = await on.user.plan(capsule);
      const { run } = await on.user.ok("POST", `/api/runs/${planned.id}/approve`, {});
      while (!(await on.user.log(run)).includes("begun")) await new Promise((resolve) => setTimeout(resolve, 50));
      own.process.kill("SIGKILL");
      await own.process.exited;
      on.runner = await startRunner(on.api, { dir: own.dir });
      expect(await on.user.until(run.id)).toMatchObject({ status: "succeeded" });
      const log = await on.user.log(run);
      expect(log.match(/\(local-exec\): ended/g)).toHaveLength(1);
    });

    if (tools.mirror)
      test("real providers from the mirror", async () => {
        const providers =
          'terraform {\n  required_providers {\n    time = { source = "hashicorp/time" }\n    local = { source = "hashicorp/local" }\n  }\n}\n';
        const resources =
          'resource "time_sleep" "a" { create_duration = "0s" }\nresource "local_file" "f" {\n  filename = "/tmp/f"\n  content = "x"\n}\n';
        const planned = await on.user.plan(await on.user.capsule({ "main.tf": providers + resources }));
        expect(planned).toMatchObject({ status: "planned", plan: { summary: { add: 2 } } });
        expect(planned.provider_bindings.map(({ provider }: { provider: string }) => provider).toSorted()).toEqual([
          "registry.opentofu.org/hashicorp/local",
          "registry.opentofu.org/hashicorp/time",
        ]);
        expect((await on.user.approve(planned)).status).toBe("succeeded");
      });
  });
