import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeApi } from "./fake-api.ts";
import { hasTofu, RunnerProcess, removeDirs, runnerDir } from "./runner-process.ts";

const module = `
variable "word" { type = string }
resource "terraform_data" "a" { input = var.word }
output "word" { value = terraform_data.a.output }
`;

describe.runIf(hasTofu)("a plan and its apply", () => {
  const api = new FakeApi();
  let runner: RunnerProcess;
  beforeAll(async () => {
    await api.start();
    runner = new RunnerProcess(api, await runnerDir());
    await runner.ready;
  });
  afterAll(async () => {
    await runner.end("SIGTERM");
    await api.stop();
    await removeDirs();
  });

  it("applies exactly what was planned and records the state", async () => {
    const plan = await api.plan({ files: { "main.tf": module }, variables: { tofu: { word: "hello" }, env: {} } });
    const planned = await plan.ended();
    expect(planned).toMatchObject({ result: "planned", plan: { has_changes: true, summary: { add: 1 } }, tool: { name: "opentofu" } });
    expect(plan.phases).toEqual(["preparing", "initializing", "resolving", "planning"]);
    expect(plan.log).toContain("terraform_data.a");
    const apply = api.apply(plan);
    const applied = await apply.ended();
    expect(applied).toMatchObject({
      result: "applied",
      summary: { add: 1 },
      state: { serial: expect.any(Number), outputs: [{ name: "word", value: "hello", sensitive: false }] },
    });
    expect(apply.phases).toEqual(["preparing", "applying", "recording"]);
    expect(apply.log).toContain("Apply complete");
    expect(apply.calls.filter((call) => call === "inputs:work")).toEqual([]);
    const again = await api.plan({
      files: { "main.tf": module },
      variables: { tofu: { word: "hello" }, env: {} },
      ...FakeApi.after(apply),
    });
    expect(await again.ended()).toMatchObject({ result: "planned", plan: { has_changes: false } });
  });
});

describe.runIf(hasTofu)("what a Run may meet", () => {
  const api = new FakeApi();
  let runner: RunnerProcess;
  beforeAll(async () => {
    await api.start();
    runner = new RunnerProcess(api, await runnerDir());
    await runner.ready;
  });
  afterAll(async () => {
    await runner.end("SIGTERM");
    await api.stop();
    await removeDirs();
  });
  const failure = async (given: Parameters<FakeApi["plan"]>[0]) => {
    const outcome = await (await api.plan(given)).ended();
    if (outcome.result !== "failed") throw new Error(`${outcome.result}, not failed`);
    return outcome.error;
  };

  it("names file, line and message of a syntax error", async () => {
    const error = await failure({ files: { "main.tf": 'resource "terraform_data" "a" {\n  input = \n}\n' } });
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(PLAN|INIT)_FAILED$/),
      details: { file: "main.tf", line: 2, message: expect.stringContaining("Invalid expression") },
    });
  });

  it("names a variable that was not given", async () => {
    const error = await failure({ files: { "main.tf": module } });
    expect(error).toMatchObject({ code: "PLAN_FAILED", message: expect.stringContaining("No value for required variable") });
  });

  it("says which provider does not exist", async () => {
    const files = {
      "main.tf": 'terraform {\n  required_providers {\n    x = { source = "nobody/nothing" }\n  }\n}\nresource "x_y" "z" {}\n',
    };
    expect(await failure({ files })).toMatchObject({ code: "INIT_FAILED", message: expect.stringContaining("nobody/nothing") });
  });

  it("refuses a source that is no archive", async () => {
    expect(await failure({ source_bytes: Buffer.from("not a tar") })).toMatchObject({ code: "SOURCE_INVALID" });
  });

  it("names the tools that there are where the asked one is missing", async () => {
    const error = await failure({ files: { "main.tf": "" }, tool: { name: "opentofu", version: "0.1.0", digest: null, least: null } });
    expect(error).toMatchObject({ code: "TOOL_NOT_FOUND", message: expect.stringContaining("opentofu 1.") });
  });

  it("keeps a module's own backend out", async () => {
    const files = {
      "main.tf": 'terraform {\n  backend "local" {\n    path = "/tmp/escaped.tfstate"\n  }\n}\nresource "terraform_data" "a" {}\n',
      "z_override.tf": 'terraform {\n  backend "s3" {}\n}\n',
    };
    const plan = await api.plan({ files });
    expect(await plan.ended()).toMatchObject({ result: "planned", plan: { summary: { add: 1 } } });
  });

  it("leaves a blocked Run alone", async () => {
    api.blocked = true;
    const plan = await api.plan({ files: { "main.tf": 'resource "terraform_data" "a" {}' } });
    await plan.until("resolved", (run) => run.calls.includes("resolve"));
    api.blocked = false;
    const next = await api.plan({ files: { "main.tf": 'resource "terraform_data" "b" {}' } });
    await next.ended();
    expect(plan.calls).not.toContain("complete");
    expect(plan.calls).not.toContain("artifacts:plan");
  });

  it("hides every secret of the Run, also where the module prints it", async () => {
    const secret = "s3cr3t-value-41";
    const files = {
      "main.tf": `variable "p" { type = string }\nresource "terraform_data" "a" {\n  input = var.p\n  provisioner "local-exec" {\n    command = "echo raw $TOKEN; echo $TOKEN | base64"\n    environment = { TOKEN = self.input }\n  }\n}\n`,
    };
    const plan = await api.plan({ files, variables: { tofu: { p: secret }, env: {} }, secrets: [{ name: "P", value: secret }] });
    await plan.ended();
    const apply = api.apply(plan);
    expect(await apply.ended()).toMatchObject({ result: "applied" });
    const told = JSON.stringify([plan.events, plan.outcome, apply.events, apply.outcome]);
    expect(apply.log).toContain("raw [redacted P]");
    expect(told).not.toContain(secret);
    expect(told).not.toContain(Buffer.from(secret).toString("base64").slice(0, 16));
  });
});
