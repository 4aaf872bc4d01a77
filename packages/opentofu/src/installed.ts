import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, readlink, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readLock } from "./lock.ts";
import { giveTree } from "./ownership.ts";
import { readProduced } from "./produced.ts";
import { mirrorSeen } from "./sandbox.ts";
import type { RunDir, SandboxFacts } from "./types.ts";

type Entry = { path: string } & (
  | { kind: "folder" }
  | { kind: "file"; bytes: Buffer; executable: boolean }
  | { kind: "link"; target: string }
);
/** What an init left: its data directory, whose providers are links into a mirror, and the lock file that holds them to their sums. */
export type Installed = { entries: readonly Entry[]; lock: Buffer; size: number };
type Place = { dir: RunDir; moduleDir: string; facts: SandboxFacts; mirror: string | null };

const MOST_ENTRIES = 2_000;
const MOST_BYTES = 1024 * 1024;

/** Null where it is not small enough to be kept in memory, or where a provider lies in the directory itself or outside the mirror. */
export async function readInstalled({ dir, moduleDir, facts, mirror }: Place): Promise<Installed | null> {
  const entries: Entry[] = [];
  const lock = await readLock(moduleDir);
  let size = lock.length;
  const walk = async (folder: string, prefix: string): Promise<boolean> => {
    for (const name of await readdir(folder)) {
      const [full, path] = [join(folder, name), prefix + name];
      const info = await lstat(full);
      if (entries.length >= MOST_ENTRIES) return false;
      if (info.isDirectory()) {
        entries.push({ path, kind: "folder" });
        if (!(await walk(full, `${path}/`))) return false;
      } else if (info.isSymbolicLink()) {
        const target = await readlink(full);
        if (!leadsIntoMirror(target, facts, mirror)) return false;
        entries.push({ path, kind: "link", target });
      } else if (info.isFile() && (size += info.size) <= MOST_BYTES) {
        const bytes = await readProduced(full, MOST_BYTES);
        if (!bytes) return false;
        entries.push({ path, kind: "file", bytes, executable: (info.mode & 0o100) !== 0 });
      } else return false;
    }
    return true;
  };
  return (await walk(dir.data, "")) && size <= MOST_BYTES ? { entries, lock, size } : null;
}

/** Puts it into the directory of another Run. False, and nothing was written, where the mirror does not hold a provider any more. */
export async function writeInstalled({ dir, moduleDir, facts, mirror }: Place, { entries, lock }: Installed): Promise<boolean> {
  if (!entries.every((entry) => entry.kind !== "link" || leadsIntoMirror(entry.target, facts, mirror))) return false;
  for (const entry of entries) {
    const path = join(dir.data, entry.path);
    await mkdir(entry.kind === "folder" ? path : dirname(path), { recursive: true, mode: 0o755 });
    if (entry.kind === "link") await symlink(entry.target, path);
    if (entry.kind === "file") await writeFile(path, entry.bytes, { mode: entry.executable ? 0o755 : 0o644 });
  }
  if (lock.length > 0) await writeFile(join(moduleDir, ".terraform.lock.hcl"), lock, { mode: 0o644 });
  if (facts.setpriv) for (const part of [dir.data, moduleDir]) await giveTree(part, facts);
  return true;
}

function leadsIntoMirror(target: string, facts: SandboxFacts, mirror: string | null): boolean {
  if (mirror === null) return false;
  const seen = `${mirrorSeen(facts, mirror)}/`;
  return target.startsWith(seen) && !target.split("/").includes("..") && existsSync(join(mirror, target.slice(seen.length)));
}
