import { readdir, readFile } from "node:fs/promises";
import { wholeTree } from "../src/processes.ts";
import type { World } from "./world.ts";

/** Host pids of everything that was started with this run directory's marker, the shell's children in a sandbox included. */
async function processesOf(of: World): Promise<number[]> {
  return wholeTree(-1, `TF_DATA_DIR=${of.seen.data}`);
}

/** What still lives a moment later: a killed process needs a moment to be gone, so it is asked until it is or 5 s are over. */
export async function strays(of: World): Promise<number[]> {
  const mine = async () => (of.facts.kind === "none" ? processesOf(of) : boundHere(of));
  for (let left = 100; left > 0 && (await mine()).length > 0; left--) await new Promise((wake) => setTimeout(wake, 50));
  return mine();
}

/** Sandboxed processes of this run directory: their mounts name it. */
async function boundHere(of: World): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => ((await readFile(`/proc/${pid}/mountinfo`, "utf8").catch(() => "")).includes(of.dir.tree) ? Number(pid) : 0)),
  );
  return found.filter((pid) => pid > 0);
}

/** Whether the tool itself runs with this word among its arguments: not the shells before it. */
export async function running(of: World, word: string): Promise<boolean> {
  const pids = await (of.facts.kind === "none" ? processesOf(of) : boundHere(of));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")));
  return lines.some((line) => line.startsWith(`${of.seen.tool}\0`) && line.split("\0").includes(word));
}
