import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import type { RunnerEvent } from "@takosumi/contracts/runner/events";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeApi, type FakeRun } from "./fake-api.ts";
import { hasTofu, RunnerProcess, removeDirs, runnerDir } from "./runner-process.ts";

/** One resource done at once, one that works for a while and counts aloud. */
const slow = (count: number) => `
resource "terraform_data" "first" { input = "x" }
resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "for i in $(seq 1 ${count}); do echo tick-$i.; sleep 0.05; done" }
}
`;
const ticks = (run: FakeRun): number[] => Array.from(run.log.matchAll(/\(local-exec\): tick-(\d+)\./g), ([, at]) => Number(at));
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
const said = (events: RunnerEvent[], address: string) =>
  events.filter((event) => event.type === "resource" && event.address === address).map((event) => (event as { state: string }).state);

describe.runIf(hasTofu)("the worst day", () => {
  let api: FakeApi;
  let runner: RunnerProcess;
  const others: RunnerProcess[] = [];
  const planned = async (files: Record<string, string>) => {
    const plan = await api.plan({ files });
    expect(await plan.ended()).toMatchObject({ result: "planned" });
    return plan;
  };
  const another = async (dir: string, env: Record<string, string> = {}) => {
    const made = new RunnerProcess(api, dir, env);
    others.push(made);
    await made.ready;
    return made;
  };
  beforeEach(async () => {
    api = new FakeApi();
    await api.start();
    runner = await another(await runnerDir(), { TAKOSUMI_CANCEL_GRACE_SECONDS: "10" });
  });
  afterEach(async () => {
    await Promise.all(others.splice(0).map((one) => one.end("SIGKILL")));
    await api.stop();
  });
  afterAll(removeDirs);

  it("interrupts a cancelled apply and records what it did", async () => {
    const apply = api.apply(await planned({ "main.tf": slow(600) }));
    await apply.until("ticking", (run) => ticks(run).length > 0);
    apply.cancel = "stop it";
    const outcome = await apply.ended();
    expect(outcome).toMatchObject({
      result: "cancelled",
      error: { code: "CANCELLED", message: "stop it" },
      state: { serial: expect.any(Number) },
    });
    expect(apply.artifacts.state?.at(-1)?.bytes.toString()).toContain('"first"');
  });

  it("ends a Run at its deadline", async () => {
    const plan = await planned({ "main.tf": slow(600) });
    const apply = api.apply(plan, { seconds_left: 2 });
    expect(await apply.ended()).toMatchObject({ result: "failed", error: { code: "TIMEOUT" } });
  });

  it("completes an apply whose runner was killed, with every line once", async () => {
    const apply = api.apply(await planned({ "main.tf": slow(60) }));
    await apply.until("ticking", (run) => ticks(run).length > 5);
    await runner.end("SIGKILL");
    await another(runner.dir);
    expect(await apply.ended()).toMatchObject({ result: "applied", summary: { add: 2 }, state: { resource_count: 2 } });
    expect(ticks(apply)).toEqual(upTo(60));
    expect(said(apply.events, "terraform_data.slow").filter((state) => state !== "progress")).toEqual(["started", "completed"]);
    expect(apply.calls.filter((call) => call === "inputs:plan")).toHaveLength(1);
    await expect.poll(() => readdir(join(runner.dir, "runs"))).toEqual([]);
  });

  it("tells the end of an apply that ended while no runner was there", async () => {
    const apply = api.apply(await planned({ "main.tf": slow(12) }));
    await apply.until("ticking", (run) => ticks(run).length > 0);
    await runner.end("SIGKILL");
    // The tool goes on without any runner: its own log is the witness.
    const stdout = join(runner.dir, "runs", apply.lease.plan_run_id ?? "", "ctl/apply/stdout");
    await expect.poll(() => readFile(stdout, "utf8"), { timeout: 20_000 }).toContain("Apply complete!");
    await another(runner.dir);
    expect(await apply.ended()).toMatchObject({ result: "applied" });
    expect(ticks(apply)).toEqual(upTo(12));
  });

  it("makes a killed plan again", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const plan = await api.plan({
      files: { "main.tf": `data "terraform_remote_state" "x" {\n  backend = "http"\n  config = { address = "${address}" }\n}\n` },
    });
    await plan.until("begun", (run) => run.phases.includes("resolving"));
    await runner.end("SIGKILL");
    const ended = plan.ended();
    const next = await another(runner.dir);
    await plan.until("again", (run) => run.log.includes("begins anew"));
    await next.end("SIGTERM");
    expect(await ended).toMatchObject({ result: "failed", error: { code: "runner_stopped" } });
    silent.close();
  });

  it("stops with one interrupt, and the state of its apply recorded", async () => {
    const apply = api.apply(await planned({ "main.tf": slow(600) }));
    await apply.until("ticking", (run) => ticks(run).length > 0);
    expect(await runner.end("SIGTERM")).toBe(0);
    expect(apply.outcome).toMatchObject({ result: "failed", error: { code: "runner_stopped" }, state: { serial: expect.any(Number) } });
    expect(await readdir(join(runner.dir, "runs"))).toEqual([]);
  });

  it("sends every event exactly once over an api that goes away and loses answers", async () => {
    api.swallow.events = 2;
    const apply = api.apply(await planned({ "main.tf": slow(60) }));
    await apply.until("ticking", (run) => ticks(run).length > 5);
    api.swallow.events = 3;
    await apply.until("more", (run) => ticks(run).length > 15);
    await api.stop();
    const { length } = ticks(apply);
    await new Promise((done) => setTimeout(done, 500));
    expect(ticks(apply)).toHaveLength(length);
    await api.start();
    expect(await apply.ended()).toMatchObject({ result: "applied" });
    expect(ticks(apply)).toEqual(upTo(60));
  });

  it("throws a lost plan away and saves a lost apply's state for nobody", async () => {
    const apply = api.apply(await planned({ "main.tf": slow(600) }));
    await apply.until("ticking", (run) => ticks(run).length > 0);
    apply.epoch = 2;
    await expect.poll(() => readdir(join(runner.dir, "runs")), { timeout: 20_000 }).toEqual([]);
    expect(apply.outcome).toBeNull();
    const next = await planned({ "main.tf": 'resource "terraform_data" "b" {}' });
    expect(next.outcome).not.toBeNull();
  });

  it("needs a person where the tool was killed in the middle of its work", async () => {
    const apply = api.apply(await planned({ "main.tf": slow(600) }));
    await apply.until("ticking", (run) => ticks(run).length > 0);
    const status = JSON.parse(
      (await readFile(join(runner.dir, "runs", apply.lease.plan_run_id ?? "", "ctl/apply/status"), "utf8")).split("\n")[0] ?? "{}",
    ) as { "child-pid": number };
    process.kill(status["child-pid"], "SIGKILL");
    expect(await apply.ended()).toMatchObject({ result: "state_unsaved", error: { code: "TOOL_KILLED" } });
  });

  describe("the seal", () => {
    const module = {
      "main.tf": 'resource "terraform_data" "a" {\n  provisioner "local-exec" { command = "sh ./deploy.sh" }\n}\n',
      "deploy.sh": "echo approved-$((1 + 1))\n",
    };
    const refused = async (apply: FakeRun) => {
      const outcome = await apply.ended();
      expect(outcome).toMatchObject({
        result: "failed",
        error: { code: expect.stringMatching(/^(SEAL_MISMATCH|INPUT_CORRUPT)$/) },
        state: null,
      });
      expect(said(apply.events, "terraform_data.a")).toEqual([]);
      return outcome.result === "failed" ? outcome.error : null;
    };
    const wrong = `sha256:${"0".repeat(64)}`;

    it("holds for what was approved", async () => {
      const apply = api.apply(await planned(module));
      expect(await apply.ended()).toMatchObject({ result: "applied" });
      expect(apply.log).toContain("approved-2");
    });

    it("refuses a file changed on the runner's disk", async () => {
      const plan = await planned(module);
      const path = join(runner.dir, "runs", plan.id, "tree/deploy.sh");
      await expect.poll(() => readdir(join(runner.dir, "runs", plan.id, "io"))).toEqual([]);
      await writeFile(path, "echo attacked\n");
      expect(await refused(api.apply(plan))).toMatchObject({ code: "SEAL_MISMATCH", details: { differs: "work tree" } });
    });

    it("refuses every other fact that moved", async () => {
      const plan = await planned(module);
      const sealed = plan.outcome?.result === "planned" ? plan.outcome.artifacts : null;
      if (!sealed) throw new Error("not planned");
      const tool = plan.outcome?.result === "planned" ? plan.outcome.tool : null;
      const damaged = Buffer.from(plan.artifacts.plan?.at(-1)?.bytes ?? "");
      damaged[100] = (damaged[100] ?? 0) ^ 1;
      const moved: [Parameters<FakeApi["apply"]>[1], Record<string, Buffer>][] = [
        [{}, { plan: damaged }],
        [{ sealed: { ...sealed, lock_digest: wrong } }, {}],
        [{ sealed: { ...sealed, work_tree_digest: wrong } }, {}],
        [{ sealed: { ...sealed, plan: { ...sealed.plan, digest: wrong } } }, {}],
        [{ tool: { name: "opentofu", version: tool?.version ?? "", digest: wrong, least: null } }, {}],
        [{ base: { ...plan.lease.base, digest: wrong } }, {}],
        [{ base: { ...plan.lease.base, serial: 7 } }, {}],
      ];
      for (const [lease, inputs] of moved) await refused(api.apply(plan, lease, inputs));
    });
  });

  it("applies on another runner: the sealed tree is unpacked, providers come by the sealed lock", async () => {
    const plan = await planned({
      "main.tf":
        'module "child" { source = "./child" }\nresource "time_sleep" "t" { create_duration = "0s" }\nresource "local_file" "f" {\n  filename = "/tmp/f"\n  content  = file("data.txt")\n}\n',
      "data.txt": "data",
      "child/main.tf": 'resource "terraform_data" "c" { input = file("${path.module}/inner.txt") }\n',
      "child/inner.txt": "inner",
    });
    await runner.end("SIGTERM");
    await another(await runnerDir());
    const apply = api.apply(plan);
    expect(await apply.ended()).toMatchObject({ result: "applied", summary: { add: 3 } });
    expect(apply.calls).toContain("inputs:work");
  });
});
