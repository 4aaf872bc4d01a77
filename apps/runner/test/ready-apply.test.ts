import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { detectSandbox } from "@takosumi/opentofu/sandbox-facts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeApi, type FakeRun } from "./fake-api.ts";
import { heldTools, toldDead } from "./held-tools.ts";
import { hasTofu, RunnerProcess, removeDirs, runnerDir } from "./runner-process.ts";

const boxed = (await detectSandbox()).kind === "bubblewrap";
const module = { "main.tf": 'resource "terraform_data" "a" { input = "x" }\n' };

describe.runIf(hasTofu && boxed)("the tool of an apply, started while the plan is looked at", () => {
  let api: FakeApi;
  let runner: RunnerProcess;
  let plan: FakeRun;
  let pid: number;
  beforeEach(async () => {
    api = new FakeApi();
    await api.start();
    runner = new RunnerProcess(api, await runnerDir());
    await runner.ready;
  });
  afterEach(async () => {
    await runner.end("SIGKILL");
    await api.stop();
    await removeDirs();
  });
  const waiting = async () => {
    plan = await api.plan({ files: module, bound: false });
    expect(await plan.ended()).toMatchObject({ result: "planned" });
    await expect.poll(() => heldTools(runner, `runs/${plan.id}`, "apply"), { timeout: 20_000 }).toHaveLength(1);
    [pid = 0] = await heldTools(runner, `runs/${plan.id}`, "apply");
  };
  const gone = () => expect.poll(() => heldTools(runner, `runs/${plan.id}`, "apply"), { timeout: 20_000 }).toEqual([]);

  it("is the one that applies", async () => {
    await waiting();
    const apply = api.apply(plan, { bound: false });
    expect(await apply.ended()).toMatchObject({ result: "applied", summary: { add: 1 }, state: { resource_count: 1 } });
    expect(apply.log).toContain("Apply complete");
    await gone();
    expect(apply.calls).not.toContain("credentials");
  });

  it("sees nothing that differs from what was approved", async () => {
    await waiting();
    await writeFile(join(runner.dir, "runs", plan.id, "tree/main.tf"), "resource terraform_data other {}\n");
    expect(await api.apply(plan, { bound: false }).ended()).toMatchObject({
      result: "failed",
      error: { code: "SEAL_MISMATCH" },
      state: null,
    });
    await gone();
  });

  it("is not used where the apply has something to inject", async () => {
    await waiting();
    api.credentials = () => ({ env: [{ name: "A_TOKEN", value: "injected-value", sensitive: true }], files: [], arguments: [] });
    const apply = api.apply(plan, { bound: true });
    expect(await apply.ended()).toMatchObject({ result: "applied" });
    expect(apply.calls).toContain("credentials");
    await gone();
  });

  it("is not used where it was killed meanwhile", async () => {
    await waiting();
    process.kill(pid, "SIGKILL");
    await gone();
    await expect.poll(() => toldDead(join(runner.dir, "runs", plan.id, "ctl/apply"))).toBe(true);
    expect(await api.apply(plan, { bound: false }).ended()).toMatchObject({ result: "applied" });
  });

  it("goes with its runner, whatever ends it", async () => {
    await waiting();
    await runner.end("SIGKILL");
    await gone();
    expect(await readdir(join(runner.dir, "runs"))).toEqual([plan.id]);
  });
});
