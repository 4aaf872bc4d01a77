import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stateFile } from "@takosumi/contracts/deploy/state-file";
import { afterAll, describe, expect, test } from "vitest";
import { applyArgs, planArgs } from "../src/commands.ts";
import { EventLines } from "../src/event-lines.ts";
import type { ToolEvent } from "../src/types.ts";
import { apply, bothTools, boxed, emptyState, LINEAGE, plan, removeScratch, type World, world } from "./world.ts";

afterAll(removeScratch);

async function outputsOf(of: World): Promise<Record<string, unknown>> {
  expect((await plan(of, { variables: true })).exit.code).toBe(2);
  expect((await apply(of, { variables: true })).exit.code).toBe(0);
  return Object.fromEntries(
    (stateFile(await readFile(join(of.dir.io, "state.tfstate")))?.outputs ?? []).map(({ name, value }) => [name, value]),
  );
}

function eventsOf(bytes: Buffer): ToolEvent[] {
  const lines = new EventLines();
  return [...lines.push(bytes), ...lines.end()];
}

test("what is planned and applied with is a file, never an argument", () => {
  const of = {
    tool: { name: "opentofu" },
    seen: { tool: "/opt/tofu", planFile: "/io/plan", varFile: "/io/v.json", events: "/ctl/events" },
  } as World;
  expect(planArgs(of, { mode: "destroy", targets: ["a.b", 'c.d["-x"]'], replace: ["e.f"], variables: true })).toEqual([
    "/opt/tofu",
    "plan",
    "-input=false",
    "-no-color",
    "-json-into=/ctl/events",
    "-var-file=/io/v.json",
    "-detailed-exitcode",
    "-out=/io/plan",
    "-destroy",
    "-target=a.b",
    '-target=c.d["-x"]',
    "-replace=e.f",
  ]);
  expect(applyArgs(of, { variables: false })).not.toContain("-var-file=/io/v.json");
  for (const bad of ["", "a\nb", "x".repeat(2_000)])
    expect(() => planArgs(of, { mode: "normal", targets: [bad], variables: false })).toThrow(/no resource address/);
});

for (const tool of bothTools) {
  describe(`with ${tool.name}`, () => {
    test("values from the file win over the module's own files and keep their types", async () => {
      const files = {
        "main.tf": 'variable "text" {}\nvariable "list" {}\noutput "text" { value = var.text }\noutput "second" { value = var.list[1] }\n',
        "terraform.tfvars": 'text = "from tfvars"\n',
        "x.auto.tfvars": 'text = "from auto"\n',
      };
      const of = await world(tool, boxed, files, { variables: { text: "ours", list: ["a", "b"] } });
      expect(await outputsOf(of)).toEqual({ text: "ours", second: "b" });
    });

    test("the payload's environment holds no variable", async () => {
      const files = {
        "main.tf":
          'variable "token" { sensitive = true }\nresource "terraform_data" "a" {\n  input = nonsensitive(sha1(var.token))\n  provisioner "local-exec" { command = "env > env.txt; cat /proc/*/environ /proc/*/cmdline >> env.txt 2>/dev/null || true" }\n}\n',
      };
      const of = await world(tool, boxed, files, { variables: { token: "variable-secret-1" } });
      await outputsOf(of);
      const seen = await readFile(join(of.dir.tree, "env.txt"), "latin1");
      expect(seen).toContain("TF_IN_AUTOMATION");
      expect(seen).not.toContain("variable-secret-1");
    });

    test("a saved plan whose state moved is refused, and a state of another lineage", async () => {
      for (const state of [
        { serial: 7, lineage: LINEAGE },
        { serial: 0, lineage: "5a5e3c1e-0000-4000-8000-00000000000f" },
      ]) {
        const of = await world(tool, boxed, { "main.tf": 'resource "terraform_data" "a" {}\n' });
        expect((await plan(of)).exit.code).toBe(2);
        await writeFile(
          join(of.dir.io, "state.tfstate"),
          JSON.stringify({ ...JSON.parse(emptyState(LINEAGE).toString()), ...state, terraform_version: "1.5.0" }),
        );
        expect((await apply(of)).exit.code).toBe(1);
      }
    });

    test("syntax errors name file and line", async () => {
      const of = await world(tool, boxed, { "main.tf": 'output "x" {\n  value = \n}\n' });
      const planned = await plan(of);
      expect(planned.exit.code).toBe(1);
      const found = eventsOf(tool.name === "opentofu" ? await readFile(join(of.dir.ctl, "events")) : planned.stdout).filter(
        (event) => event.type === "diagnostic",
      );
      expect(found[0]).toMatchObject({ severity: "error", file: "main.tf", line: 2 });
    });

    test("an apply tells each resource's start, id and end, and the outputs with sensitive ones masked", async () => {
      const of = await world(tool, boxed, {
        "main.tf":
          'resource "terraform_data" "a" {\n  provisioner "local-exec" { command = "echo said" }\n}\noutput "id" { value = terraform_data.a.id }\noutput "hidden" {\n  value = "sensitive-output-1"\n  sensitive = true\n}\n',
      });
      expect((await plan(of)).exit.code).toBe(2);
      const applied = await apply(of);
      const events = eventsOf(applied.stdout);
      const steps = events.filter((event) => event.type === "resource" && event.state !== "planned");
      expect(steps).toMatchObject([
        { address: "terraform_data.a", action: "create", state: "started", id: null },
        { address: "terraform_data.a", action: "create", state: "completed", id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      ]);
      expect(events).toContainEqual(expect.objectContaining({ type: "summary", operation: "apply", add: 1, change: 0, remove: 0 }));
      expect(events.find((event) => event.type === "outputs")).toMatchObject({
        outputs: { hidden: { sensitive: true, value: null }, id: { sensitive: false } },
      });
      expect(events.some((event) => event.type === "provisioner" && event.text.includes("said"))).toBe(true);
      expect(JSON.stringify(events)).not.toContain("sensitive-output-1");
    });
  });
}
