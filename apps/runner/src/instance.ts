import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The name under which this runner directory comes back after a restart: its leases are found by it. Made once, 0600, and put in
 * place whole, so that a runner killed while it is made leaves none or all of it.
 */
export async function instanceOf(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, "instance");
  const read = async () => (await readFile(path, "utf8").catch(() => "")).trim();
  const before = await read();
  if (/^[A-Za-z0-9_-]{1,128}$/.test(before)) return before;
  const made = `${path}.${randomUUID()}`;
  await writeFile(made, `inst_${randomUUID()}\n`, { mode: 0o600 });
  await rm(path, { force: true });
  await link(made, path).catch(() => undefined);
  await rm(made, { force: true });
  return read();
}
