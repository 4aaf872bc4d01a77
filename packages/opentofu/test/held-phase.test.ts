import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stateFile } from "@takosumi/contracts/deploy/state-file";
import { afterAll, describe, expect, test } from "vitest";
import { cliConfig } from "../src/cli-config.ts";
import { applyArgs, showPlanArgs } from "../src/commands.ts";
import { holdPhase, reattachPhase, startPhase } from "../src/phase.ts";
import { outputOf, runPhase } from "../src/run-phase.ts";
import { SpareShells } from "../src/spare-shells.ts";

import { tailFile } from "../src/tail.ts";
import { running, strays } from "./strays.ts";
import { BOUNDS, bothTools, plan, removeScratch, sandboxes, showPlan, start, world } from "./world.ts";

afterAll(removeScratch);
const WAITING = {
  "main.tf":
    'resource "terraform_data" "done" {}\nresource "terraform_data" "waits" {\n  depends_on = [terraform_data.done]\n  provisioner "local-exec" { command = "echo waiting; exec sleep 600" }\n}\n',
};

async function until(path: string, word: string): Promise<void> {
  let text = "";
  for await (const { bytes } of tailFile(path, 0, new AbortController().signal)) {
    text += bytes.toString("utf8");
    if (text.includes(word)) return;
  }
}

for (const tool of bothTools) {
  for (const facts of sandboxes) {
    describe(`${tool.name}, held in ${facts.kind}`, () => {
      test("waits before it looks at the Run, and then does as one that was not held", async () => {
        const of = await world(tool, facts, { "main.tf": 'resource "terraform_data" "a" { input = "x" }\n' });
        // Without a sandbox the end of a phase ends all that runs in its directory, so the plan is made before.
        expect((await plan(of)).exit.code).toBe(2);
        const [file, away] = [join(of.dir.io, "plan"), join(of.dir.root, "away")];
        await rename(file, away);
        const held = await holdPhase(start(of, "show-plan", showPlanArgs(of), {}));
        await expect.poll(() => running(of, "show"), { timeout: 20_000 }).toBe(true);
        await rename(away, file);
        const shown = await outputOf(held.release(cliConfig(null)), BOUNDS);
        expect([shown.exit.code, shown.stderr.toString()]).toEqual([0, ""]);
        expect(shown.stdout).toEqual((await showPlan(of)).stdout);
      });

      test("is found again and interrupted once it was released", async () => {
        const of = await world(tool, facts, WAITING);
        expect((await plan(of)).exit.code).toBe(2);
        const phase = (await holdPhase(start(of, "apply", applyArgs(of, { variables: false }), {}))).release(cliConfig(null));
        await until(phase.files.stdout, "waiting");
        const again = await reattachPhase(of.dir, "apply");
        expect(await again?.alive()).toBe(true);
        expect(await again?.interrupt()).toBe(true);
        expect((await phase.wait()).code).toBe(1);
        expect((await again?.wait())?.code).toBe(1);
        expect(stateFile(await readFile(join(of.dir.io, "state.tfstate")))?.resource_count).toBe(2);
        expect(await strays(of)).toEqual([]);
      });

      test("ends unused with the runner that never released it", async () => {
        const of = await world(tool, facts, WAITING);
        const given = join(of.dir.root, "runner.json");
        await writeFile(given, JSON.stringify({ ...of, held: true }));
        const runner = fork(new URL("./short-lived-runner.ts", import.meta.url), [given], { execArgv: [] });
        await Promise.race([once(runner, "message"), once(runner, "exit")]);
        await expect.poll(() => running(of, "apply"), { timeout: 20_000 }).toBe(true);
        runner.kill("SIGKILL");
        await once(runner, "exit");
        expect(await strays(of)).toEqual([]);
        expect(await reattachPhase(of.dir, "apply")).toBeNull();
      });

      test("ends unused where it is dismissed", async () => {
        const of = await world(tool, facts, WAITING);
        const held = await holdPhase(start(of, "apply", applyArgs(of, { variables: false }), {}));
        await expect.poll(() => running(of, "apply"), { timeout: 20_000 }).toBe(true);
        await held.dismiss();
        expect(await strays(of)).toEqual([]);
      });
    });
  }
}

for (const facts of bothTools[0] ? sandboxes : []) {
  describe(`what a phase in ${facts.kind} is told`, () => {
    const here = () => world(bothTools[0] as NonNullable<(typeof bothTools)[0]>, facts, WAITING);

    test("arrives as it is, whatever stands in it", async () => {
      const of = await here();
      const words = ["it's", "two\nlines", "$HOME", "`id`", "\\n", '"', "", "  ", "é\u{10ffff}"];
      const phase = start(of, "shell", ["/bin/sh", "-c", 'printf "%s|" "$VALUE" "$@"', "sh", ...words], {});
      const { stdout } = await runPhase({ ...phase, env: { ...phase.env, VALUE: "a 'b'\n$c" } }, BOUNDS);
      expect(stdout.toString()).toBe(["a 'b'\n$c", ...words, ""].join("|"));
    });

    test("a shell that was spare serves, and one that died meanwhile does not", async () => {
      const of = await here();
      const shells = new SpareShells(1);
      try {
        for (const killed of [false, true]) {
          await expect.poll(() => shells.waiting.length, { timeout: 10_000 }).toBe(1);
          const [spare = 0] = shells.waiting;
          if (killed) process.kill(spare, "SIGKILL");
          await expect.poll(() => shells.waiting.length).toBe(killed ? 0 : 1);
          const phase = await startPhase({ ...start(of, "shell", ["/bin/sh", "-c", "exit 7"], {}), shells });
          expect(await phase.wait()).toEqual({ code: 7, signal: null });
          expect(phase.facts.pid === spare).toBe(!killed && facts.kind === "bubblewrap");
        }
      } finally {
        shells.close();
      }
      expect(shells.waiting).toEqual([]);
    });
  });
}
