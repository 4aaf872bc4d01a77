import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EmbeddedError } from "./embedded-error.ts";

/** When a process began, in ticks since boot; null where there is none. With the boot's id it names one process for ever. */
async function startOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}
const boot = () => readFile("/proc/sys/kernel/random/boot_id", "utf8").then((id) => id.trim());

interface Owner {
  readonly pid: number;
  readonly alive: boolean;
}

/** The process that took a data directory last, and whether it still lives; null where nobody has it. */
export async function ownerOf(home: string): Promise<Owner | null> {
  const [pid = "", start, since] = (await readFile(join(home, "owner"), "utf8").catch(() => "")).split(" ");
  if (pid === "") return null;
  return { pid: Number(pid), alive: since === (await boot()) && start === (await startOf(Number(pid))) };
}

/** Takes a data directory for this process. Throws where another one that lives has it; one that was killed does not count. */
export async function own(home: string): Promise<{ release(): Promise<void> }> {
  const file = join(home, "owner");
  const other = await ownerOf(home);
  if (other?.alive) throw new EmbeddedError(`${home} is in use by process ${other.pid}: another Takosumi runs on this data directory`);
  await writeFile(`${file}.${process.pid}`, `${process.pid} ${await startOf(process.pid)} ${await boot()}`, { mode: 0o600 });
  await rename(`${file}.${process.pid}`, file);
  return { release: () => rm(file, { force: true }) };
}
