import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunnerProcess } from "./runner-process.ts";

/** The sandbox of a phase that was held has said how its tool ended: only then its runner can know. */
export const toldDead = async (folder: string): Promise<boolean> =>
  (await readFile(join(folder, "status"), "utf8").catch(() => "")).includes("exit-code");

/** Pids of tools that wait or work with this command in a directory of the runner whose path begins like this: their mounts name it. */
export async function heldTools(runner: RunnerProcess, directory: string, command: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const read = (pid: string, file: string) => readFile(`/proc/${pid}/${file}`, "latin1").catch(() => "");
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [first = "", second] = (await read(pid, "cmdline")).split("\0");
      const mine = first.startsWith("/opt/") && second === command;
      return mine && (await read(pid, "mountinfo")).includes(join(runner.dir, directory)) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
