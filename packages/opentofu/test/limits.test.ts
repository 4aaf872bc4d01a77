import { readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { detectCgroups } from "../src/cgroups.ts";
import { cpuSeconds } from "../src/processes.ts";
import { treeSize } from "../src/tree-size.ts";
import { bothTools, removeScratch, runShell, sandboxes, startShell, world } from "./world.ts";

afterAll(removeScratch);
const tool = bothTools[0];
const places = detectCgroups();
const MiB = 1024 * 1024;
const MODULE = { "main.tf": "" };
const groups = () =>
  [places.memory, places.processes].flatMap((at) => (at ? readdirSync(at.dir).filter((name) => name.includes("-run_1-")) : []));
/** What killed tests of earlier runs left on this machine. */
const before = new Set(groups());
/** Groups of ours that are still there. */
const left = () => groups().filter((name) => !before.has(name));

/** How many processes of this machine sleep for so long. */
const sleeping = (seconds: string): number =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8") === `sleep\0${seconds}\0`;
    } catch {
      return false;
    }
  }).length;

if (tool)
  for (const facts of sandboxes)
    describe(`limits in ${facts.kind}`, () => {
      if (places.memory)
        test("memory of all processes together ends the one that wants more, and says so", async () => {
          const of = await world(tool, facts, MODULE);
          const greedy = "head -c 300000000 /dev/zero | tail -c 300000000 > /dev/null";
          const { exit } = await runShell(of, greedy, { box: { limits: { memory: 64 * MiB } } });
          expect(exit).toMatchObject({ limit: "memory" });
          expect(exit.code).not.toBe(0);
          expect((await runShell(of, "true", { box: { limits: { memory: 64 * MiB } } })).exit).toEqual({ code: 0, signal: null });
          expect(left()).toEqual([]);
        });

      if (places.processes)
        test("processes are counted for each phase alone", async () => {
          const of = await world(tool, facts, MODULE);
          const many = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 1 & done; wait";
          expect((await runShell(of, many, { box: { limits: { processes: 15 } } })).exit).toMatchObject({ limit: "processes" });
          expect((await runShell(of, many, { box: { limits: { processes: 60 } } })).exit.code).toBe(0);
          expect(left()).toEqual([]);
        });

      test("a file that is too large ends with it", async () => {
        const of = await world(tool, facts, MODULE);
        const { exit, stderr } = await runShell(of, "head -c 3000000 /dev/zero > big", { box: { limits: { fileSize: MiB } } });
        expect(exit.code).not.toBe(0);
        expect(`${exit.signal} ${stderr}`).toMatch(/SIGXFSZ|File too large|File size limit/i);
      });

      test("CPU time counts processes that have ended, and disk what is sparse, small and linked as it is", async () => {
        const of = await world(tool, facts, MODULE);
        const phase = await startShell(
          of,
          "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; (i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done); sleep 30",
        );
        await expect.poll(() => cpuSeconds(phase.facts.pid), { timeout: 30_000 }).toBeGreaterThan(0.1);
        await phase.kill();
        await runShell(
          of,
          "truncate -s 1G sparse; for i in 1 2 3 4 5 6 7 8 9 10; do : > e$i; done; ln -s / all; head -c 1000000 /dev/zero > full",
        );
        const size = await treeSize(of.dir.tree, 1e9);
        expect(size).toBeGreaterThan(1_000_000);
        expect(size).toBeLessThan(2_000_000);
        expect(await treeSize(of.dir.tree, 10_000)).toBeLessThan(1_100_000);
      });

      if (facts.kind === "bubblewrap" || places.processes)
        test("nothing outlives its end: not a child that forked twice, left its session and emptied its environment", async () => {
          const of = await world(tool, facts, MODULE);
          // A number of seconds that nobody else sleeps finds it, whatever it did to its name and environment.
          const seconds = `6${process.pid}`;
          const phase = await startShell(of, `env -i setsid sh -c 'sh -c "sleep ${seconds} & exit 0" & exit 0'; sleep 600`);
          await expect.poll(() => sleeping(seconds), { timeout: 20_000 }).toBe(1);
          await phase.kill();
          await phase.wait();
          await expect.poll(() => sleeping(seconds)).toBe(0);
        });
    });
