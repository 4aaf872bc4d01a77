import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { detectSandbox } from "@takosumi/opentofu/sandbox-facts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeApi } from "./fake-api.ts";
import { heldTools, toldDead } from "./held-tools.ts";
import { hasTofu, RunnerProcess, removeDirs, runnerDir } from "./runner-process.ts";

const boxed = (await detectSandbox()).kind === "bubblewrap";
const files = { "main.tf": 'resource "terraform_data" "a" { input = "x" }\nresource "terraform_data" "b" { input = "y" }\n' };

describe.runIf(hasTofu && boxed)("the tools of a plan, started while there is nothing to do", () => {
  let api: FakeApi;
  let runner: RunnerProcess;
  let spare: number;
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
  const waiting = (command: string) => heldTools(runner, "spare", command);
  const made = async () => {
    const first = await api.plan({ files, bound: false });
    expect(await first.ended()).toMatchObject({ result: "planned" });
    await expect.poll(() => waiting("show"), { timeout: 20_000 }).toHaveLength(1);
    [spare = 0] = await waiting("plan");
  };
  const ended = () =>
    expect.poll(() => heldTools(runner, "", "plan").then((pids) => pids.includes(spare)), { timeout: 20_000 }).toBe(false);

  it("are the ones that plan and show", async () => {
    await made();
    // Stopped, it shows whose directory it works in.
    process.kill(spare, "SIGSTOP");
    const plan = await api.plan({ files, bound: false });
    await expect.poll(() => heldTools(runner, `runs/${plan.id}`, "plan"), { timeout: 20_000 }).toEqual([spare]);
    process.kill(spare, "SIGCONT");
    expect(await plan.ended()).toMatchObject({ result: "planned", plan: { summary: { add: 2 } } });
    expect(plan.log).toContain("Plan: 2 to add");
    await ended();
    expect(await api.apply(plan, { bound: false }).ended()).toMatchObject({ result: "applied", state: { resource_count: 2 } });
  });

  it("are not used for a plan of another command", async () => {
    await made();
    const plan = await api.plan({ files, bound: false, targets: ["terraform_data.a"] });
    expect(await plan.ended()).toMatchObject({ result: "planned", plan: { summary: { add: 1 } } });
    await ended();
  });

  it("are not used for a module that needs a provider", async () => {
    await made();
    const plan = await api.plan({ files: { "main.tf": 'resource "time_static" "a" {}\n' }, bound: false });
    expect(await plan.ended()).toMatchObject({ result: "planned", plan: { summary: { add: 1 } } });
    await ended();
  });

  it("stay for the next where the plan has something to inject", async () => {
    await made();
    const plan = await api.plan({ files, bound: false, variables: { tofu: {}, env: { A_NAME: "a-value" } } });
    expect(await plan.ended()).toMatchObject({ result: "planned" });
    expect(await waiting("plan")).toEqual([spare]);
  });

  it("are not used where one was killed meanwhile", async () => {
    await made();
    const [show = 0] = await waiting("show");
    process.kill(show, "SIGKILL");
    await expect.poll(() => waiting("show")).toEqual([]);
    const [name = ""] = await readdir(join(runner.dir, "spare"));
    await expect.poll(() => toldDead(join(runner.dir, "spare", name, "ctl/show-plan"))).toBe(true);
    expect(await (await api.plan({ files, bound: false })).ended()).toMatchObject({ result: "planned" });
    await ended();
  });

  it("go with their runner, and the next one removes their directory", async () => {
    await made();
    await runner.end("SIGKILL");
    await ended();
    runner = new RunnerProcess(api, runner.dir);
    await runner.ready;
    await expect.poll(async () => await readdir(join(runner.dir, "spare")).catch(() => [])).toEqual([]);
  });

  it("end when their runner is told to", async () => {
    await made();
    expect(await runner.end("SIGTERM")).toBe(0);
    await ended();
    expect(await readdir(join(runner.dir, "spare")).catch(() => [])).toEqual([]);
  });
});
