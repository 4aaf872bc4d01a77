import type { AppRouter } from "@takosumi/contracts/router";
import { atWork } from "@takosumi/testkit/at-work";
import { tools } from "@takosumi/testkit/tools";
import { createTRPCClient, httpBatchLink, TRPCClientError } from "@trpc/client";
import superjson from "superjson";
import { describe, expect, test } from "vitest";

if (tools.tofu)
  describe("from TypeScript, over tRPC", () => {
    const on = atWork();

    const client = () =>
      createTRPCClient<AppRouter>({
        links: [httpBatchLink({ url: `${on.api.url}/trpc`, transformer: superjson, headers: { authorization: `Bearer ${on.api.token}` } })],
      });

    test("the main job, typed from the contracts, without generated code", async () => {
      const t = client();
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

    test("a connection is made, bound, planned with, rotated and deleted, and is the same over REST", async () => {
      const t = client();
      const provider = "terraform.io/builtin/terraform";
      const values = { APP_TOKEN: "t0ken-over-trpc" };
      const { connection } = await t.connections.create.mutate({ name: "typed", provider, recipe: { id: "generic-env" }, values });
      expect(connection).toMatchObject({ status: "ready", env_names: ["APP_TOKEN"] });
      const read = () => t.connections.read.query({ id: connection.id });
      const overRest = async () => (await on.api.call("GET", `/api/connections/${connection.id}`)).body;
      expect(await overRest()).toEqual(await read());
      const { project } = await t.projects.create.mutate({ name: "connected" });
      const { capsule } = await t.capsules.create.mutate({
        project_id: project.id,
        name: "connected",
        source: { kind: "inline", files: { "main.tf": 'resource "terraform_data" "a" { input = "x" }\n' } },
        provider_bindings: [{ provider, connection_id: connection.id }],
      });
      const { run } = await t.runs.create.mutate({ kind: "plan", capsule_id: capsule.id });
      await expect.poll(async () => (await t.runs.read.query({ id: run.id })).run.status, { timeout: 20_000 }).toBe("planned");
      const { injected_env } = (await t.runs.read.query({ id: run.id })).run;
      expect(injected_env).toEqual([{ name: "APP_TOKEN", kind: "env", phase: "plan", sensitive: true }]);
      await t.connections.update.mutate({ id: connection.id, values: { APP_TOKEN: "an0ther-over-trpc" } });
      expect((await t.connections.list.query()).connections).toContainEqual((await read()).connection);
      const told = async (work: Promise<unknown>) => {
        const error = await work.then(
          () => null,
          (problem: unknown) => problem,
        );
        if (!(error instanceof TRPCClientError)) throw new Error("not refused");
        expect(JSON.stringify([error.shape, error.message])).not.toContain("-over-trpc");
        return error.data as { code: string };
      };
      const unknown = { name: "n", provider, recipe: { id: "none" }, values: { A: "s3cret-over-trpc" } };
      expect(await told(t.connections.create.mutate(unknown))).toMatchObject({ code: "BAD_REQUEST" });
      const taken = { name: "typed", provider, recipe: { id: "generic-env" }, values };
      expect(await told(t.connections.create.mutate(taken))).toMatchObject({ code: "CONFLICT" });
      await t.connections.remove.mutate({ id: connection.id });
      expect((await read()).connection).toMatchObject({ status: "revoked", used_by: { count: 1 } });
      expect(await overRest()).toEqual(await read());
      expect(await told(t.connections.update.mutate({ id: connection.id, values }))).toMatchObject({ code: "GONE" });
    });
  });
