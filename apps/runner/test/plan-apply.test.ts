import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeApi } from "./fake-api.ts";
import { hasTofu, removeDirs, RunnerProcess, runnerDir } from "./runner-process.ts";

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
    expect(await runner.end("SIGTERM")).toBe(0);
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
    expect(applied).toMatchObject({ result: "applied", summary: { add: 1 }, state: { serial: expect.any(Number), outputs: [{ name: "word", value: "hello", sensitive: false }] } });
    expect(apply.phases).toEqual(["preparing", "applying", "recording"]);
    expect(apply.log).toContain("Apply complete");
    expect(apply.calls.filter((call) => call === "inputs:work")).toEqual([]);
    const again = await api.plan({ files: { "main.tf": module }, variables: { tofu: { word: "hello" }, env: {} }, ...FakeApi.after(apply) });
    expect(await again.ended()).toMatchObject({ result: "planned", plan: { has_changes: false } });
  });
});
