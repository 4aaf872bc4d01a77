import { readdir, readFile } from "node:fs/promises";

/** SIGKILL to every process that names this directory, again until there is none: a machine that lost its power. Answers how many. */
export async function killNaming(directory: string): Promise<number> {
  const killed = new Set<number>();
  for (;;) {
    const found = await processesNaming(directory);
    if (found.length === 0) return killed.size;
    for (const pid of found) {
      killed.add(pid);
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself in between.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Running processes with the directory in their arguments or environment; dead ones that nobody waited for have neither. */
async function processesNaming(directory: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const naming = await Promise.all(
    pids.map(async (pid) => {
      const texts = await Promise.all(["cmdline", "environ"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")));
      return texts.some((text) => text.includes(directory)) ? Number(pid) : null;
    }),
  );
  return naming.filter((pid) => pid !== null);
}
