import { afterAll, describe, expect, test } from "vitest";
import { apply, bothTools, init, plan, removeScratch, runShell, sandboxes, showPlan, world } from "./world.ts";

afterAll(removeScratch);

const MODULE = {
  "main.tf": 'variable "g" {}\nresource "terraform_data" "a" { input = var.g }\noutput "o" { value = terraform_data.a.output }\n',
};

for (const tool of bothTools) {
  for (const facts of sandboxes) {
    describe(`${tool.name} in ${facts.kind}`, () => {
      test("plans without init and applies that plan", async () => {
        const of = await world(tool, facts, MODULE, { variables: { g: "hello" } });
        const planned = await plan(of, { variables: true });
        expect(planned.stderr.toString()).toBe("");
        expect(planned.exit).toEqual({ code: 2, signal: null });
        const shown = JSON.parse((await showPlan(of)).stdout.toString());
        expect(shown.resource_changes).toHaveLength(1);
        const applied = await apply(of, { variables: true });
        expect(applied.stdout.toString()).toContain("hello");
        expect(applied.exit.code).toBe(0);
      });
      test("init", async () => {
        const of = await world(tool, facts, MODULE, { variables: { g: "hello" } });
        const done = await init(of);
        expect(done.stderr.toString()).toBe("");
        expect(done.exit.code).toBe(0);
      });
    });
  }
}
