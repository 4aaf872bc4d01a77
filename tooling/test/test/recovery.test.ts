import { rm } from "node:fs/promises";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { deployOn, type Run } from "@takosumi/testkit/deploy";
import { killNaming } from "@takosumi/testkit/kill-tree";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** One resource that is made, one that is being made, two that wait for it. */
const module = {
  "main.tf": `resource "terraform_data" "first" { input = "1" }
resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "echo begun; sleep 60" }
}
resource "terraform_data" "later" {
  count      = 2
  depends_on = [terraform_data.slow]
}
output "first" { value = terraform_data.first.output }
`,
};
const told = ({ recovery }: Run) =>
  recovery.ledger.map(({ address, state }: { address: string; state: string }) => `${address} ${state}`).toSorted();
const lease = { TAKOSUMI_LEASE_SECONDS: "2", TAKOSUMI_LEASE_RENEW_SECONDS: "1", TAKOSUMI_LEASE_GRACE_SECONDS: "1" };

describe("a machine that is gone in mid-apply", () => {
  let api: TestApi;
  let runner: TestRunner;
  let user: ReturnType<typeof deployOn>;
  beforeAll(async () => {
    api = await startApi({ env: lease });
    user = deployOn(api.call);
  });
  afterAll(async () => {
    await runner?.close();
    await api?.close();
  });

  /** Kills runner, tool and work directory while the second resource is being made; answers the Run as it then is. */
  async function lost(capsule: string, ready: (run: Run) => Promise<boolean> = async () => true): Promise<Run> {
    runner ??= await startRunner(api);
    const planned = await user.plan(capsule);
    const { run } = await user.ok("POST", `/api/runs/${planned.id}/approve`, {});
    while (!((await user.log(run)).includes("begun") && (await ready(run)))) await new Promise((resolve) => setTimeout(resolve, 50));
    const { dir } = runner;
    expect(await killNaming(dir)).toBeGreaterThan(2);
    await rm(dir, { recursive: true, force: true });
    const ended = await user.until(run.id, ({ status }) => status !== "running");
    expect(ended).toMatchObject({ status: "needs_recovery", error: { code: "LEASE_LOST" } });
    runner = await startRunner(api);
    return ended;
  }
  const refusal = async (method: string, path: string, body: object) => {
    const answer = await api.call(method, path, { body });
    return { status: answer.status, reason: answer.body.error?.details?.reason, code: answer.body.error?.code };
  };

  if (tools.tofu)
    test("tofu had saved nothing: the ledger names every address, and what a person uploads is the truth for the next plan", async () => {
      const capsule = await user.capsule(module);
      const run = await lost(capsule);
      expect(run.recovery.checkpoint).toBeNull();
      expect(told(run)).toEqual([
        "terraform_data.first completed",
        "terraform_data.later[0] possibly_started",
        "terraform_data.later[1] possibly_started",
        "terraform_data.slow started",
      ]);
      const first = run.recovery.ledger.find(({ address }: { address: string }) => address === "terraform_data.first");
      expect(first.import_block).toContain(`id = "${first.id}"`);

      // Until it is resolved nobody else writes: not by hand, not by another Run, not by deleting.
      const held = { status: 409, code: "CONFLICT" };
      expect(await refusal("POST", `/api/capsules/${capsule}/unlock`, { reason: "mine" })).toMatchObject({ ...held, reason: "locked" });
      expect(await refusal("POST", `/api/capsules/${capsule}/lock`, { reason: "mine" })).toMatchObject({ ...held, reason: "locked" });
      expect((await api.call("DELETE", `/api/capsules/${capsule}?force=true`)).body.error.details.reason).toBe("recovery_open");
      const { run: another } = await user.ok("POST", "/api/runs", { kind: "plan", capsule_id: capsule });
      expect(another.queue).toMatchObject({ code: "capsule_locked", run_id: run.id });

      const recover = (body: object) => refusal("POST", `/api/runs/${run.id}/recover`, body);
      expect(await recover({ action: "keep_previous" })).toMatchObject({ ...held, reason: "ledger_unacknowledged" });
      const none = { action: "adopt_checkpoint", digest: `sha256:${"0".repeat(64)}`, ledger_acknowledged: true };
      expect(await recover(none)).toMatchObject({ ...held, reason: "digest_mismatch" });
      expect(await recover({ action: "upload_state", state: "{}" })).toMatchObject({ status: 400, reason: "invalid" });

      const state = {
        version: 4,
        terraform_version: "1.12.6",
        serial: 1,
        lineage: "brought-by-hand",
        outputs: {},
        resources: [
          {
            mode: "managed",
            type: "terraform_data",
            name: "first",
            provider: 'provider["terraform.io/builtin/terraform"]',
            instances: [
              {
                schema_version: 0,
                attributes: { id: first.id, input: { value: "1", type: "string" }, output: { value: "1", type: "string" } },
              },
            ],
          },
        ],
        check_results: null,
      };
      const upload = { action: "upload_state", state: JSON.stringify(state) };
      const { run: recovered } = await user.ok("POST", `/api/runs/${run.id}/recover`, upload);
      expect(recovered).toMatchObject({ status: "failed", recovery: { resolution: { action: "upload_state", actor: { name: "Owner" } } } });
      expect((await user.ok("GET", `/api/capsules/${capsule}`)).capsule).toMatchObject({ lock: null, resource_count: 1 });
      const { state_versions: versions } = await user.ok("GET", `/api/state/${capsule}/versions`);
      expect(versions).toMatchObject([{ origin: "recovery", run_id: run.id, actor: { name: "Owner" }, lineage: "brought-by-hand" }]);
      expect(await recover(upload)).toMatchObject({ ...held, reason: "already_resolved" });
      expect((await user.until(another.id)).status).toBe("stale");

      const truth = await user.plan(capsule);
      expect(truth.plan.resource_changes.map(({ address }: { address: string }) => address).toSorted()).toEqual([
        "terraform_data.later[0]",
        "terraform_data.later[1]",
        "terraform_data.slow",
      ]);
      const [event] = (await user.ok("GET", `/api/audit?run_id=${run.id}&action=run.recovered`)).events;
      expect(event.metadata).toMatchObject({ action: "upload_state", state_digest: versions[0].digest, ledger: 4 });
    });

  if (tools.terraform)
    test("terraform had saved what it made: its checkpoint is adopted, and the next plan makes the rest", async () => {
      const capsule = await user.capsule(module, { tool: { name: "terraform" } });
      const stored = async ({ id }: Run) => (await api.database.db.prisma.checkpoints.count({ where: { run_id: id } })) > 0;
      const run = await lost(capsule, stored);
      expect(run.recovery.checkpoint).toMatchObject({ digest: expect.stringMatching(/^sha256:/) });
      expect(told(run)).toEqual([
        "terraform_data.later[0] possibly_started",
        "terraform_data.later[1] possibly_started",
        "terraform_data.slow started",
      ]);
      const adopt = { action: "adopt_checkpoint", digest: run.recovery.checkpoint.digest, ledger_acknowledged: true };
      await user.ok("POST", `/api/runs/${run.id}/recover`, adopt);
      const truth = await user.plan(capsule);
      expect(truth.plan.resource_changes.map(({ address }: { address: string }) => address).toSorted()).toEqual([
        "terraform_data.later[0]",
        "terraform_data.later[1]",
        "terraform_data.slow",
      ]);
      expect((await user.ok("GET", `/api/audit/verify`)).ok).toBe(true);
    });
});
