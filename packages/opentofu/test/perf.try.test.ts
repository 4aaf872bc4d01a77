import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync, rmSync } from "node:fs";
import { test } from "vitest";
import * as W from "./world.ts";
import { removeScratch } from "./world.ts";
const F = { "main.tf": 'resource "terraform_data" "a" { input = "x" }\noutput "o" { value = terraform_data.a.output }\n' };
const med = (a: number[]) => a.sort((x, y) => x - y)[a.length >> 1]!.toFixed(1);
test("perf", async () => {
  const t = W.tofu!;
  const acc: Record<string, number[]> = {};
  const time = async <T>(n: string, f: () => Promise<T> | T) => {
    const s = performance.now();
    const r = await f();
    (acc[n] ??= []).push(performance.now() - s);
    return r;
  };
  for (let i = 0; i < 12; i++) {
    const d = mkdtempSync("/tmp/bare-");
    writeFileSync(d + "/main.tf", F["main.tf"]);
    writeFileSync(d + "/rc", "disable_checkpoint = true\n");
    const o = {
      cwd: d,
      env: { PATH: "/usr/bin:/bin", HOME: d, TF_CLI_CONFIG_FILE: d + "/rc", CHECKPOINT_DISABLE: "1" },
      stdio: "pipe" as const,
    };
    await time("bare total", async () => {
      await time("bare init", () => execFileSync(t.path, ["init", "-input=false"], o));
      await time("bare plan", () => execFileSync(t.path, ["plan", "-input=false", "-out", "p"], o));
      await time("bare show", () => execFileSync(t.path, ["show", "-json", "p"], o));
      await time("bare apply", () => execFileSync(t.path, ["apply", "-input=false", "p"], o));
    });
    rmSync(d, { recursive: true });
    for (const facts of W.sandboxes) {
      const k = facts.kind;
      await time(k + " total", async () => {
        const of = await time(k + " equip", () => W.world(t, facts, F));
        await time(k + " plan", () => W.plan(of));
        await time(k + " show", () => W.showPlan(of));
        await time(k + " apply", () => W.apply(of));
      });
      const of2 = await W.world(t, facts, F);
      await time(k + " trivial", () => W.runShell(of2, "exit 0"));
    }
  }
  for (const [n, a] of Object.entries(acc)) console.log(n, med(a));
  await removeScratch();
}, 100000);
