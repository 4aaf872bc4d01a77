import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { deployOn, type Run } from "@takosumi/testkit/deploy";
import { startRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** Stands between runner and api, and breaks the connection instead of handing on an answer that `swallow` wants, once it says so. */
async function between(
  api: TestApi,
  swallow: (path: string, answer: string) => boolean | Promise<boolean>,
): Promise<Server & { readonly url: string }> {
  const server = createServer((asked, answering) => {
    const path = asked.url ?? "/";
    const onward = request(api.url + path, { method: asked.method, headers: asked.headers }, async (answered) => {
      const parts: Buffer[] = [];
      for await (const part of answered) parts.push(part as Buffer);
      const bytes = Buffer.concat(parts);
      if (await swallow(path, bytes.toString("utf8"))) return void answering.destroy();
      answering.writeHead(answered.statusCode ?? 500, answered.headers).end(bytes);
    });
    onward.on("error", () => answering.destroy());
    answering.on("close", () => onward.destroy());
    asked.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(server, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

if (tools.tofu)
  describe("what a runner and the api lose of each other", () => {
    let api: TestApi;
    let user: ReturnType<typeof deployOn>;
    beforeAll(async () => {
      api = await startApi();
      user = deployOn(api.call);
    });
    afterAll(() => api?.close());

    test("the answer to a claim: the Run comes again to the same runner, and is executed once", async () => {
      let swallowed = 0;
      const taken = (path: string, answer: string) => path.endsWith("/claim") && answer.includes('"kind":"apply"') && swallowed++ === 0;
      const line = await between(api, taken);
      const runner = await startRunner({ ...api, url: line.url });
      const capsule = await user.capsule({
        "main.tf": 'resource "terraform_data" "a" {\n  provisioner "local-exec" { command = "echo once" }\n}\n',
      });
      const run = await user.approve(await user.plan(capsule));
      expect(run).toMatchObject({ status: "succeeded" });
      expect(swallowed).toBeGreaterThan(0);
      expect((await user.log(run)).match(/\(local-exec\): once/g)).toHaveLength(1);
      const { events } = await user.ok("GET", `/api/audit?run_id=${run.id}&action=run.offered_again`);
      expect(events).toHaveLength(1);
      await runner.close();
      line.closeAllConnections();
      line.close();
    });

    test("a runner that is stopped before its apply began hands it back, approved: another one executes it, once", async () => {
      const [reached, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      // The tool waits for the plan, which stands in the answer that is held.
      const line = await between(api, async (path) => {
        if (!path.includes("/inputs/plan")) return false;
        reached.resolve();
        await ended.promise;
        return true;
      });
      const first = await startRunner({ ...api, url: line.url });
      const capsule = await user.capsule({
        "main.tf": 'resource "terraform_data" "a" {\n  provisioner "local-exec" { command = "echo once" }\n}\n',
      });
      const planned = await user.plan(capsule);
      const { run } = await user.ok("POST", `/api/runs/${planned.id}/approve`, {});
      await reached.promise;
      const { runner: one } = await user.until(run.id, ({ runner }: Run) => runner !== null);
      first.process.kill("SIGTERM");
      expect(await first.process.exited).toBe(0);
      expect(await user.until(run.id, () => true)).toMatchObject({ status: "queued", approved_by: run.approved_by });
      ended.resolve();

      const second = await startRunner(api);
      const applied = await user.until(run.id);
      expect(applied).toMatchObject({ status: "succeeded", error: null });
      expect(applied.runner.id).not.toBe(one.id);
      expect((await user.log(applied)).match(/\(local-exec\): once/g)).toHaveLength(1);
      expect((await user.ok("GET", `/api/state/${capsule}/versions`)).state_versions).toHaveLength(1);
      const recorded = async (action: string) => (await user.ok("GET", `/api/audit?run_id=${run.id}&action=${action}`)).events;
      expect(await recorded("run.requeued")).toMatchObject([
        { actor: { kind: "runner" }, metadata: { reason: "runner_stopped", attempt: 1 } },
      ]);
      expect(await recorded("run.started")).toHaveLength(2);
      expect(await recorded("run.applied")).toHaveLength(1);
      await Promise.all([first.close(), second.close()]);
      line.closeAllConnections();
      line.close();
    });

    test("a runner that is stopped hands its plan back: another one goes on at once", async () => {
      // A key provider that never answers keeps the plan from ending.
      const stuck = `terraform {
  encryption {
    key_provider "external" "slow" { command = ["sh", "-c", "sleep 60"] }
    method "aes_gcm" "m" { keys = key_provider.external.slow }
    state { method = method.aes_gcm.m }
  }
}
`;
      const first = await startRunner(api);
      const { run } = await user.ok("POST", "/api/runs", { kind: "plan", capsule_id: await user.capsule({ "main.tf": stuck }) });
      const { runner: one } = await user.until(run.id, ({ status, phase }: Run) => status === "running" && phase !== "preparing");
      const second = await startRunner(api);
      await first.close();
      const { runner: other } = await user.until(run.id, (seen: Run) => seen.runner !== null && seen.runner.id !== one.id);
      expect(other.id).not.toBe(one.id);
      const { events } = await user.ok("GET", `/api/audit?run_id=${run.id}&action=run.requeued`);
      expect(events).toMatchObject([{ actor: { kind: "runner" }, metadata: { reason: "runner_stopped", attempt: 1 } }]);
      await user.ok("POST", `/api/runs/${run.id}/cancel`, {});
      expect((await user.until(run.id)).status).toBe("cancelled");
      await second.close();
    });
  });
