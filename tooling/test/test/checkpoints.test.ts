import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { deployOn, type Run } from "@takosumi/testkit/deploy";
import { killNaming } from "@takosumi/testkit/kill-tree";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

const lease = { TAKOSUMI_LEASE_SECONDS: "2", TAKOSUMI_LEASE_RENEW_SECONDS: "1", TAKOSUMI_LEASE_GRACE_SECONDS: "1" };
const module = {
  "main.tf": `resource "terraform_data" "first" { input = "1" }
resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "echo begun.; sleep 300" }
}
`,
};
/** What is left of a state file at which its tool was killed while it wrote it in place, as tools do. */
const torn = async (path: string) => truncate(path, Math.floor((await readFile(path)).length / 2));
const empty = (path: string) => truncate(path, 0);

describe.runIf(tools.tofu)("the last good state of an apply that is killed", () => {
  let api: TestApi;
  let runner: TestRunner;
  let user: ReturnType<typeof deployOn>;
  beforeAll(async () => {
    api = await startApi({ env: lease });
    user = deployOn(api.call);
  });
  afterAll(() => api?.close());
  beforeEach(async () => {
    runner = await startRunner(api);
  });
  afterEach(() => runner?.close());

  /** An apply at work whose tool has written a state, which was checkpointed. */
  async function atWork() {
    const capsule = await user.capsule(module);
    const planned = await user.plan(capsule);
    const { run } = await user.ok("POST", `/api/runs/${planned.id}/approve`, {});
    await expect.poll(async () => user.log(run), { timeout: 30_000 }).toContain("(local-exec): begun.");
    const root = join(runner.dir, "runs", planned.id);
    const path = join(root, "io/state.tfstate");
    const events = await api.database.db.prisma.run_events.findMany({ where: { run_id: run.id, type: "resource" } });
    const id = events
      .map(({ data }) => data as Run)
      .find(({ address, state }) => address === "terraform_data.first" && state === "completed").id;
    // OpenTofu writes every 20 s: this stands for what it writes.
    const good = JSON.stringify({
      ...JSON.parse(await readFile(path, "utf8")),
      serial: 7,
      resources: [
        {
          mode: "managed",
          type: "terraform_data",
          name: "first",
          provider: 'provider["terraform.io/builtin/terraform"]',
          instances: [
            { schema_version: 0, attributes: { id, input: { value: "1", type: "string" }, output: { value: "1", type: "string" } } },
          ],
        },
      ],
    });
    await writeFile(path, good);
    const stored = () => api.database.db.prisma.checkpoints.findUnique({ where: { run_id: run.id } });
    await expect.poll(async () => (await stored())?.serial, { timeout: 20_000 }).toBe(7n);
    return { capsule, run, root, path, good };
  }
  const kills = {
    "its tool": async (root: string) => {
      const [line = ""] = (await readFile(join(root, "ctl/apply/status"), "utf8")).split("\n");
      process.kill(JSON.parse(line)["child-pid"], "SIGKILL");
    },
    "its runner and its tool": async () => {
      const { dir } = runner;
      await killNaming(dir);
      runner = await startRunner(api, { dir });
    },
    "its machine": async () => {
      const { dir } = runner;
      await killNaming(dir);
      await rm(dir, { recursive: true, force: true });
      runner = await startRunner(api);
    },
  };

  it.each([
    ["its tool", "torn", torn],
    ["its tool", "empty", empty],
    ["its runner and its tool", "torn", torn],
    ["its machine", "empty", empty],
  ] as const)("with %s is its checkpoint, where a file stays that is %s", async (who, _, wreck) => {
    const { capsule, run, root, path, good } = await atWork();
    await wreck(path);
    await kills[who](root);
    const lost = await user.until(run.id, ({ status }: Run) => status === "needs_recovery");
    expect(lost.recovery.checkpoint).toMatchObject({ serial: 7 });
    expect(lost.recovery.ledger.map(({ address, state }: Run) => `${address} ${state}`)).toEqual(["terraform_data.slow started"]);
    const adopt = { action: "adopt_checkpoint", digest: lost.recovery.checkpoint.digest, ledger_acknowledged: true };
    const { run: recovered } = await user.ok("POST", `/api/runs/${run.id}/recover`, adopt);
    const kept = await api.call("GET", `/api/state/${capsule}/versions/${recovered.state_version_id}`);
    expect(kept.body).toEqual(JSON.parse(good));
  });
});
