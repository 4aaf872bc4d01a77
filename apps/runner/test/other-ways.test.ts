import { afterEach, describe, expect, it } from "vitest";
import { FakeApi } from "./fake-api.ts";
import { hasTerraform, hasTofu, RunnerProcess, removeDirs, runnerDir } from "./runner-process.ts";

describe("other tools and sandboxes", () => {
  const open: { end(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.end();
    await removeDirs();
  });
  const start = async (env: Record<string, string> = {}) => {
    const api = new FakeApi();
    await api.start();
    const runner = new RunnerProcess(api, await runnerDir(), env);
    open.push({ end: () => runner.end("SIGKILL") }, { end: () => api.stop() });
    return { api, runner };
  };
  const files = {
    "main.tf":
      'resource "terraform_data" "a" {\n  input = "x"\n  provisioner "local-exec" { command = "echo hello from $((40 + 2))" }\n}\noutput "o" { value = terraform_data.a.output }\n',
  };

  it.runIf(hasTerraform)("renders the log of terraform from its events", async () => {
    const { api } = await start();
    const plan = await api.plan({ files, tool: { name: "terraform", version: null, digest: null, least: null } });
    expect(await plan.ended()).toMatchObject({ result: "planned", tool: { name: "terraform" } });
    const apply = api.apply(plan);
    expect(await apply.ended()).toMatchObject({ result: "applied", summary: { add: 1 } });
    expect(apply.log).toContain("hello from 42");
    expect(apply.log).not.toContain('"@level"');
  });

  it.runIf(hasTofu)("says what is not isolated without a sandbox", async () => {
    const { api, runner } = await start({ TAKOSUMI_SANDBOX: "none" });
    const plan = await api.plan({ files });
    await plan.ended();
    const apply = api.apply(plan);
    expect(await apply.ended()).toMatchObject({ result: "applied" });
    expect(apply.events.find(({ type }) => type === "isolation")).toMatchObject({
      sandbox: "none",
      not_isolated: expect.arrayContaining(["files of this machine are not isolated"]),
    });
    expect(runner.output).toContain("files of this machine are not isolated");
  });

  it.runIf(hasTofu)("hides a sensitive value of the plan on a runner that did not plan", async () => {
    const { api, runner } = await start();
    const secret = "generated-4711-value";
    const plan = await api.plan({
      files: {
        "main.tf": `locals { p = sensitive(join("-", ["generated", "4711", "value"])) }\nresource "terraform_data" "a" {\n  input = local.p\n  provisioner "local-exec" { command = "echo generated-$((4700 + 11))-value" }\n}\n`,
      },
    });
    expect(await plan.ended()).toMatchObject({ result: "planned" });
    await runner.end("SIGTERM");
    const other = new RunnerProcess(api, await runnerDir());
    open.unshift({ end: () => other.end("SIGKILL") });
    const apply = api.apply(plan);
    expect(await apply.ended()).toMatchObject({ result: "applied" });
    expect(apply.log).toContain("[redacted sensitive]");
    expect(JSON.stringify([plan.events, plan.outcome, apply.events])).not.toContain(secret);
  });

  it("does not start without a token, and says which variable", async () => {
    const { runner } = await start({ TAKOSUMI_RUNNER_TOKEN: "" });
    await expect(runner.ready).rejects.toThrow("TAKOSUMI_RUNNER_TOKEN");
  });
});
