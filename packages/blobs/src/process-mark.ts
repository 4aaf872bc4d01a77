import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";

/** Names the temporary files of this process, so that another can tell whether their writer still lives. */
const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 12);
const name = /^([0-9a-f]{12})-(\d{1,10})-(\d{1,20})-[0-9a-f]{16}$/;

/** A new name: host, process, start of the process, random. */
export async function temporaryName(): Promise<string> {
  return `${host}-${process.pid}-${(await startOf(process.pid)) ?? 0}-${randomBytes(8).toString("hex")}`;
}

/** Whether the writer of a temporary file is known to be gone; null where only its machine knows. */
export async function writerGone(file: string): Promise<boolean | null> {
  const [, machine, writer, start] = name.exec(file) ?? [];
  if (machine === undefined) return true;
  if (machine !== host) return null;
  if (!alive(Number(writer))) return true;
  // A number used again belongs to another process, which started at another time.
  return ((await startOf(Number(writer))) ?? 0) !== Number(start);
}

function alive(writer: number): boolean {
  try {
    process.kill(writer, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Start of a process in clock ticks since boot; null where the system does not say. */
async function startOf(writer: number): Promise<number | null> {
  const stat = await readFile(`/proc/${writer}/stat`, "utf8").catch(() => null);
  // The name of the program, in parentheses, may hold anything; the fields after it are 3 and on.
  const start = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return start === undefined ? null : Number(start);
}
