import { writeFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { attributeChanges } from "../src/attribute-changes.ts";
import { parsePlan, planResult } from "../src/plan-result.ts";
import { requiredProviders } from "../src/requirements.ts";
import { sensitiveValues } from "../src/sensitive-values.ts";
import { apply, bothTools, boxed, emptyState, LINEAGE, plan, removeScratch, showPlan, world } from "./world.ts";

afterAll(removeScratch);
const big = { bytes: 1 << 30 };
const changed = (change: Parameters<typeof attributeChanges>[0]) => attributeChanges(change, { ...big }).attributes;

describe("attribute changes", () => {
  test("leaves that differ, by path; equal ones are left out", () => {
    const before = { name: "a", same: 1, tags: { x: "1", "odd key": "2" }, list: [{ n: 1 }, { n: 2 }] };
    const after = { name: "b", same: 1, tags: { x: "1" }, list: [{ n: 1 }, { n: 3 }, { n: 4 }] };
    expect(changed({ before, after, after_unknown: {} }).map(({ path, before, after }) => [path, before, after])).toEqual([
      ["name", "a", "b"],
      ['tags["odd key"]', "2", null],
      ["list[1].n", 2, 3],
      ["list[2].n", null, 4],
    ]);
  });

  test("masked on either side, at or above the leaf: neither value is shown", () => {
    const values = {
      before: { a: "secret-1", b: { c: "secret-2" }, d: ["secret-3"] },
      after: { a: "secret-4", b: { c: "secret-5" }, d: ["secret-6"] },
    };
    for (const masks of [
      { before_sensitive: { a: true, b: true, d: [true] } },
      { after_sensitive: { a: true, b: { c: true }, d: true } },
      { before_sensitive: true },
      { after_sensitive: true },
    ]) {
      const shown = changed({ ...values, ...masks });
      expect(shown.length).toBeGreaterThan(0);
      expect(shown.every(({ sensitive }) => sensitive)).toBe(true);
      expect(JSON.stringify(shown)).not.toContain("secret-");
    }
  });

  test("unknown values have no after", () => {
    expect(changed({ before: null, after: { n: "x" }, after_unknown: { id: true, n: false } })).toMatchObject([
      { path: "n", after: "x", unknown: false },
      { path: "id", after: null, unknown: true },
    ]);
  });

  test("a value that changes its kind is one leaf", () => {
    expect(changed({ before: { a: { b: 1 } }, after: { a: false } })).toMatchObject([{ path: "a", before: { b: 1 }, after: false }]);
    expect(changed({ before: { a: false }, after: { a: true } })).toMatchObject([{ path: "a", before: false, after: true }]);
    expect(changed({ before: { a: [1] }, after: { a: {} } })).toMatchObject([{ path: "a" }]);
  });

  test("paths that force a replacement, and what lies below them", () => {
    const shown = changed({ before: { a: 1, b: { c: 1 } }, after: { a: 2, b: { c: 2 } }, replace_paths: [["b"]] });
    expect(shown.map(({ path, forces_replacement }) => [path, forces_replacement])).toEqual([
      ["a", false],
      ["b.c", true],
    ]);
  });

  test("long values are cut, many attributes and a spent budget are told", () => {
    expect(changed({ before: null, after: { a: "x".repeat(9_000) } })).toMatchObject([{ truncated: true, after: "x".repeat(4_096) }]);
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`k${n}`, n]));
    expect(attributeChanges({ before: null, after: many }, { ...big })).toMatchObject({ truncated: true, attributes: { length: 200 } });
    expect(attributeChanges({ before: null, after: many }, { bytes: 500 }).attributes.length).toBeLessThan(10);
  });
});

test("what is no plan is refused", () => {
  for (const text of ["", "[]", "null", "{}", "no"]) expect(() => parsePlan(Buffer.from(text))).toThrow(/plan/);
});

test("every masked value is known to the redactor, and no other", () => {
  const values = sensitiveValues({
    resource_changes: [
      {
        change: {
          before: { p: "before-secret" },
          before_sensitive: { p: true },
          after: { p: "after-secret", q: "visible-1" },
          after_sensitive: { p: true },
        },
      },
    ],
    output_changes: { o: { after: { deep: ["output-secret", 1234567] }, after_sensitive: true } },
    prior_state: {
      values: {
        outputs: { s: { value: "state-secret", sensitive: true } },
        root_module: { child_modules: [{ resources: [{ values: { k: "child-secret" }, sensitive_values: { k: true } }] }] },
      },
    },
    configuration: { root_module: { variables: { v: { sensitive: true } } } },
    variables: { v: { value: "variable-secret" }, w: { value: "visible-2" } },
  });
  expect(values.sort()).toEqual([
    "1234567",
    "after-secret",
    "before-secret",
    "child-secret",
    "output-secret",
    "state-secret",
    "variable-secret",
  ]);
});

const MODULE = `variable "token" { sensitive = true }
variable "size" {}
resource "terraform_data" "open" { input = "open-\${var.size}" }
resource "terraform_data" "secret" {
  input            = { user = "root", password = var.token }
  triggers_replace = var.size
}
output "hidden" {
  value = var.token
  sensitive = true
}
output "known" { value = "k-\${var.size}" }
check "size" {
  assert {
    condition     = var.size < 5
    error_message = "too big"
  }
}
`;

for (const tool of bothTools) {
  test(`${tool.name}: a real plan's masks, replacement, outputs, checks and summary`, async () => {
    const of = await world(tool, boxed, { "main.tf": MODULE }, { variables: { token: "real-secret-token", size: 1 } });
    expect((await plan(of, { variables: true })).exit.code).toBe(2);
    const first = parsePlan((await showPlan(of)).stdout);
    const result = planResult(first, { hasChanges: true });
    expect(result.summary).toEqual({ add: 2, change: 0, destroy: 0, import: 0, move: 0, forget: 0, replace: 0 });
    expect(JSON.stringify(result)).not.toContain("real-secret-token");
    expect(sensitiveValues(first)).toContain("real-secret-token");
    expect(result.output_changes).toContainEqual({
      name: "hidden",
      actions: ["create"],
      before: null,
      after: null,
      sensitive: true,
      unknown: false,
      truncated: false,
    });
    expect(result.output_changes).toContainEqual(expect.objectContaining({ name: "known", after: "k-1" }));
    const config = (first as { configuration?: unknown }).configuration;
    expect(requiredProviders({ config, lock: Buffer.alloc(0), state: emptyState(LINEAGE) })).toEqual([
      { provider: "terraform.io/builtin/terraform", alias: null, builtin: true },
    ]);

    expect((await apply(of, { variables: true })).exit.code).toBe(0);
    await writeFile(`${of.dir.io}/variables.tfvars.json`, JSON.stringify({ token: "other-secret-token", size: 9 }));
    expect((await plan(of, { variables: true })).exit.code).toBe(2);
    const shown = parsePlan((await showPlan(of)).stdout);
    const second = planResult(shown, { hasChanges: true });
    expect(second.summary).toMatchObject({ add: 1, change: 1, destroy: 1, replace: 1 });
    const replaced = second.resource_changes.find(({ address }) => address === "terraform_data.secret");
    expect(replaced).toMatchObject({
      action_reason: "replace_because_cannot_update",
      replace_paths: ["triggers_replace"],
      provider: "terraform.io/builtin/terraform",
      mode: "managed",
    });
    expect(replaced?.attributes).toContainEqual(
      expect.objectContaining({ path: "triggers_replace", before: 1, after: 9, forces_replacement: true, sensitive: false }),
    );
    // The tools themselves forget the mask on terraform_data's computed output: the redactor must know the value from elsewhere.
    const redacted = sensitiveValues(shown).reduce((text, value) => text.replaceAll(value, "(hidden)"), JSON.stringify(second));
    expect(redacted).not.toMatch(/(real|other)-secret-token/);
    expect(second.checks).toContainEqual({ address: "check.size", status: "fail", problems: ["too big"] });
  });

  test(`${tool.name}: a destroy, a move and a forgotten resource are counted`, async () => {
    const two = 'resource "terraform_data" "a" {}\nresource "terraform_data" "b" {}\n';
    const of = await world(tool, boxed, { "main.tf": two });
    await plan(of);
    expect((await apply(of)).exit.code).toBe(0);
    expect((await plan(of)).exit.code).toBe(0);
    expect((await plan(of, { mode: "destroy" })).exit.code).toBe(2);
    expect(planResult(parsePlan((await showPlan(of)).stdout), { hasChanges: true }).summary).toMatchObject({ destroy: 2, add: 0 });
    const moved =
      'resource "terraform_data" "c" {}\nmoved {\n  from = terraform_data.a\n  to   = terraform_data.c\n}\nremoved {\n  from = terraform_data.b\n  lifecycle {\n    destroy = false\n  }\n}\n';
    await writeFile(`${of.dir.tree}/main.tf`, moved);
    expect((await plan(of)).exit.code).toBe(2);
    const result = planResult(parsePlan((await showPlan(of)).stdout), { hasChanges: true });
    expect(result.summary).toEqual({ add: 0, change: 0, destroy: 0, import: 0, move: 1, forget: 1, replace: 0 });
    expect(result.resource_changes).toContainEqual(
      expect.objectContaining({ address: "terraform_data.c", previous_address: "terraform_data.a" }),
    );
  });
}
