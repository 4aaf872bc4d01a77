import { fork } from "node:child_process";
import { once } from "node:events";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stateFile } from "@takosumi/contracts/deploy/state-file";
import { afterAll, describe, expect, test } from "vitest";
import { EventLines } from "../src/event-lines.ts";
import { reattachPhase } from "../src/phase.ts";
import { startTicks } from "../src/processes.ts";
import { openRunDir } from "../src/rundir.ts";
import { tailFile } from "../src/tail.ts";
import type { Phase, PhaseExit } from "../src/types.ts";
import { strays } from "./strays.ts";
import { bothTools, plan, removeScratch, runShell, sandboxes, scratchDir, startApply, startShell, type World, world } from "./world.ts";

afterAll(removeScratch);
const EMPTY = { "main.tf": 'resource "terraform_data" "a" {}\n' };
/** One resource is done at once, the other waits until it is interrupted. */
const WAITING = {
  "main.tf":
    'resource "terraform_data" "done" {}\nresource "terraform_data" "waits" {\n  depends_on = [terraform_data.done]\n  provisioner "local-exec" { command = "echo waiting; exec sleep 600" }\n}\n',
};
const anyTool = bothTools[0];

/** Reads a growing file until `word` stands in it. */
async function until(path: string, word: string): Promise<string> {
  let text = "";
  const never = new AbortController();
  for await (const { bytes } of tailFile(path, 0, never.signal)) {
    text += bytes.toString("utf8");
    if (text.includes(word)) return text;
  }
  throw new Error("the file ended");
}

async function applyThatWaits(of: World): Promise<Phase> {
  expect((await plan(of)).exit.code).toBe(2);
  const phase = await startApply(of);
  await until(phase.files.stdout, "waiting");
  return phase;
}

for (const tool of bothTools) {
  for (const facts of sandboxes) {
    describe(`${tool.name} in ${facts.kind}`, () => {
      test("one interrupt ends an apply and saves its state; a second is never sent", async () => {
        const of = await world(tool, facts, WAITING);
        const phase = await applyThatWaits(of);
        expect(await phase.interrupt()).toBe(true);
        expect(await phase.interrupt()).toBe(false);
        expect(await (await reattachPhase(of.dir, "apply"))?.interrupt()).toBe(false);
        expect((await phase.wait()).code).toBe(1);
        const state = stateFile(await readFile(join(of.dir.io, "state.tfstate")));
        // The waiting one is there too: created, and marked as tainted.
        expect(state?.resource_count).toBe(2);
      });

      test("an apply outlives its runner, is found again by another process and ends well", async () => {
        const of = await world(tool, facts, WAITING);
        expect((await plan(of)).exit.code).toBe(2);
        const given = join(of.dir.root, "runner.json");
        await writeFile(given, JSON.stringify(of));
        const runner = fork(new URL("./short-lived-runner.ts", import.meta.url), [given], { execArgv: [] });
        const [started] = (await Promise.race([once(runner, "message"), once(runner, "exit")])) as [{ pid: number }];
        await until(join(of.dir.ctl, "apply/stdout"), "waiting");
        runner.kill("SIGKILL");
        await once(runner, "exit");
        const phase = await reattachPhase(of.dir, "apply");
        if (!phase) throw new Error("the phase was not found again");
        expect(phase.facts.pid).toBe(started.pid);
        expect(await phase.alive()).toBe(true);
        expect(await phase.interrupt()).toBe(true);
        expect((await phase.wait()).code).toBe(1);
        expect(await phase.alive()).toBe(false);
        expect(stateFile(await readFile(join(of.dir.io, "state.tfstate")))?.resource_count).toBe(2);
      });
    });
  }
}

for (const facts of anyTool ? sandboxes : []) {
  describe(`a phase in ${facts.kind}`, () => {
    const here = () => world(anyTool as NonNullable<typeof anyTool>, facts, EMPTY);

    test("leaves its exit status and all it said", async () => {
      const of = await here();
      const { exit, stdout, stderr } = await runShell(of, "echo out; echo err >&2; exit 7");
      expect([exit, stdout.toString(), stderr.toString()]).toEqual([{ code: 7, signal: null }, "out\n", "err\n"]);
    });

    test("tells by which signal it ended", async () => {
      expect((await runShell(await here(), "kill -TERM $$")).exit).toEqual({ code: 143, signal: "SIGTERM" });
    });

    test("is killed whole, children in a session of their own included", async () => {
      const of = await here();
      const phase = await startShell(
        of,
        "setsid sh -c 'echo $(readlink /proc/self) > child; sleep 600' & setsid sleep 600 & echo ready; wait",
      );
      await until(phase.files.stdout, "ready");
      const exit = phase.wait();
      await phase.kill();
      expect((await exit).signal).toBe("SIGKILL");
      expect(await strays(of)).toEqual([]);
    });

    test("a phase that is over is never signalled, nor one of another boot", async () => {
      const of = await here();
      const phase = await startShell(of, "exit 0");
      await phase.wait();
      expect(await phase.interrupt()).toBe(false);
      await phase.kill();
      const file = join(of.dir.ctl, "shell/phase.json");
      // This very process stands in for a pid that was used again.
      const other = { ...phase.facts, pid: process.pid, startTicks: startTicks(process.pid), bootId: "another boot" };
      await writeFile(file, JSON.stringify(other));
      const found = await reattachPhase(of.dir, "shell");
      expect(await found?.alive()).toBe(false);
      await writeFile(file, JSON.stringify({ ...other, bootId: phase.facts.bootId, startTicks: "1" }));
      expect(await (await reattachPhase(of.dir, "shell"))?.alive()).toBe(false);
    });

    test("a shell that was killed from outside counts as killed", async () => {
      const of = await here();
      const phase = await startShell(of, "echo ready; sleep 600");
      await until(phase.files.stdout, "ready");
      const again = await reattachPhase(of.dir, "shell");
      const both: Promise<PhaseExit | undefined>[] = [phase.wait(), again?.wait() ?? Promise.resolve(undefined)];
      process.kill(phase.facts.pid, "SIGKILL");
      expect(await Promise.all(both)).toEqual([
        { code: 137, signal: "SIGKILL" },
        { code: 137, signal: "SIGKILL" },
      ]);
      expect(await strays(of)).toEqual([]);
    });
  });
}

test("no phase where none was started", async () => {
  const root = await scratchDir();
  expect(await reattachPhase(openRunDir(root), "apply")).toBeNull();
});

test("a tail gives every byte once, in order, from any offset, and ends after the rest", async () => {
  const path = join(await scratchDir(), "log");
  await writeFile(path, "0123456789");
  const ended = new AbortController();
  const read = (async () => {
    const pieces: string[] = [];
    for await (const { offset, bytes } of tailFile(path, 4, ended.signal)) pieces.push(`${offset}:${bytes.toString()}`);
    return pieces;
  })();
  await until(path, "9");
  await appendFile(path, "abc");
  ended.abort();
  const pieces = await read;
  expect(pieces.map((piece) => piece.split(":")[1]).join("")).toBe("456789abc");
  expect(pieces[0]).toMatch(/^4:456789/);
});

test("events come whole out of any pieces", () => {
  const lines = new EventLines();
  const bytes = Buffer.from('{"@level":"info","@message":"é","type":"log"}\nno json\n{"@message":"last","type":"log"}');
  const events = [...bytes].flatMap((byte) => lines.push(Buffer.from([byte])));
  events.push(...lines.end());
  expect(events.map((event) => event.type === "log" && event.text)).toEqual(["é", "no json", "last"]);
});
