import { cp, rename } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeApi, type FakeRun } from "./fake-api.ts";
import { hasTofu, mirror, RunnerProcess, removeDirs, runnerDir } from "./runner-process.ts";

const files = (more: Record<string, string> = {}) => ({
  "main.tf": 'module "child" { source = "./child" }\nresource "local_file" "f" {\n  filename = "/tmp/f"\n  content  = "x"\n}\n',
  "child/main.tf": 'resource "time_sleep" "t" { create_duration = "0s" }\n',
  ...more,
});
const initialized = (run: FakeRun) => run.log.includes("Initializing provider plugins");

describe.runIf(hasTofu)("an init of an earlier plan", () => {
  const api = new FakeApi();
  let runner: RunnerProcess;
  let providers: string;
  beforeAll(async () => {
    await api.start();
    const dir = await runnerDir();
    providers = join(dir, "mirror");
    await cp(mirror, providers, { recursive: true });
    runner = new RunnerProcess(api, dir, { TAKOSUMI_PROVIDER_MIRROR: providers });
    await runner.ready;
  });
  afterAll(async () => {
    await runner.end("SIGTERM");
    await api.stop();
    await removeDirs();
  });
  const planned = async (given: Parameters<FakeApi["plan"]>[0]) => {
    const run = await api.plan({ bound: false, ...given });
    return { run, outcome: await run.ended() };
  };

  it("serves the next plan of the same source, and its apply", async () => {
    const first = await planned({ files: files() });
    expect([first.outcome.result, initialized(first.run)]).toEqual(["planned", true]);
    const second = await planned({ files: files() });
    expect([second.outcome.result, initialized(second.run)]).toEqual(["planned", false]);
    const locks = [first, second].map(({ outcome }) => (outcome.result === "planned" ? outcome.artifacts.lock_digest : null));
    expect(locks[0]).toMatch(/^sha256:/);
    expect(locks[1]).toBe(locks[0]);
    expect(second.run.requirements).toEqual(first.run.requirements);
    expect(await api.apply(second.run, { bound: false }).ended()).toMatchObject({ result: "applied", summary: { add: 2 } });
  });

  it("is not taken for another source, lock file, root module, tool, or state", async () => {
    const other = await planned({ files: files({ "more.tf": "locals { a = 1 }\n" }) });
    const locked = await planned({ files: files({ ".terraform.lock.hcl": "# none\n" }) });
    const child = await planned({ files: files(), module_path: "child" });
    for (const { run, outcome } of [other, locked, child]) expect([outcome.result, initialized(run)]).toEqual(["planned", true]);
  });

  it("is looked for anew where a provider is gone from the mirror", async () => {
    const time = join(providers, "registry.opentofu.org/hashicorp/time");
    await rename(time, `${providers}.time`);
    const { run, outcome } = await planned({ files: files() });
    await rename(`${providers}.time`, time);
    expect(outcome).toMatchObject({ result: "failed", error: { code: "INIT_FAILED" } });
    expect(run.log).toContain("hashicorp/time");
    const again = await planned({ files: files() });
    expect([again.outcome.result, initialized(again.run)]).toEqual(["planned", true]);
  });

  it("does not serve where a provider in the mirror is not the one that the lock file names", async () => {
    const binary = "registry.opentofu.org/hashicorp/time/0.14.2/linux_amd64/terraform-provider-time_v0.14.2";
    await rename(join(providers, binary), join(providers, "kept"));
    await cp("/bin/true", join(providers, binary));
    const { outcome } = await planned({ files: files() });
    await rename(join(providers, "kept"), join(providers, binary));
    expect(outcome).toMatchObject({ result: "failed", error: { message: expect.stringMatching(/checksum|lock file|plugins/i) } });
  });
});
