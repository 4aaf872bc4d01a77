import type { AppRouter } from "@takosumi/contracts/router";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import superjson from "superjson";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

if (tools.tofu)
  describe("the main job from TypeScript, over tRPC", () => {
    let api: TestApi;
    let runner: TestRunner;
    beforeAll(async () => {
      api = await startApi();
      runner = await startRunner(api);
    });
    afterAll(async () => {
      await runner?.close();
      await api?.close();
    });

    test("typed from the contracts, without generated code", async () => {
      const headers = { authorization: `Bearer ${api.token}` };
      const t = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: `${api.url}/trpc`, transformer: superjson, headers })] });
      const { project } = await t.projects.create.mutate({ name: "typed" });
      const source = { kind: "inline" as const, files: { "main.tf": 'output "o" { value = "typed" }\n' } };
      const { capsule } = await t.capsules.create.mutate({ project_id: project.id, name: "typed", source });
      const settled = async (id: string) => {
        for (;;) {
          const { run } = await t.runs.read.query({ id });
          if (run.status !== "queued" && run.status !== "running") return run;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const planned = await settled((await t.runs.create.mutate({ kind: "plan", capsule_id: capsule.id })).run.id);
      expect(planned.status).toBe("planned");
      const applied = await settled((await t.runs.approve.mutate({ id: planned.id, plan_digest: planned.plan?.digest })).run.id);
      expect(applied.status).toBe("succeeded");
      expect((await t.outputs.list.query({ capsule_id: capsule.id })).outputs[0]?.value).toBe("typed");
      const refused = await t.runs.approve.mutate({ id: "run_nope" }).catch((error: { data: { code: string } }) => error);
      expect("data" in refused && refused.data.code).toBe("NOT_FOUND");
    });
  });
