import { basename, join } from "node:path";
import { BWRAP, dropTo, isolation } from "./sandbox-facts.ts";
import { ETC_FILES } from "./sandbox-root.ts";
import type { Limits, RunDir, SandboxFacts } from "./types.ts";

/** What one phase may see and use of this machine. */
export type Box = {
  facts: SandboxFacts;
  /** The tool's binary on the host. */
  toolPath: string;
  /** Host path of a filesystem mirror of providers, read-only inside. */
  mirror: string | null;
  network: "shared" | "none";
  /** The data directory holds provider binaries: only init writes it, so that no module code swaps them. */
  dataWritable: boolean;
  limits?: Limits;
};

/** Where the payload sees the mirror. Its links in the data directory point there, so it never changes between phases. */
export function mirrorSeen(facts: SandboxFacts, mirror: string): string {
  return facts.kind === "bubblewrap" ? "/opt/mirror" : mirror;
}

/** What stands before the payload's own argv. Without bubblewrap nothing. Holds paths only: the environment goes another way. */
export async function sandboxPrefix(box: Box, dir: RunDir, cwd: string): Promise<string[]> {
  const { facts } = box;
  if (facts.kind === "none") return [];
  const argv = [BWRAP, ...(await isolation(facts.setpriv))];
  if (box.network === "none") argv.push("--unshare-net");
  argv.push("--perms", "0755", "--dir", "/opt", "--ro-bind", box.toolPath, `/opt/${basename(box.toolPath)}`);
  if (box.mirror !== null) argv.push("--ro-bind", box.mirror, mirrorSeen(facts, box.mirror));
  argv.push("--perms", "0755", "--dir", "/etc");
  for (const file of ETC_FILES) argv.push("--ro-bind-try", file, file);
  for (const file of ["passwd", "group"]) argv.push("--ro-bind", join(dir.ctl, file), `/etc/${file}`);
  argv.push("--perms", "1777", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev");
  argv.push("--bind", dir.tree, "/work", box.dataWritable ? "--bind" : "--ro-bind", dir.data, "/data", "--bind", dir.io, "/io");
  argv.push("--perms", "0755", "--dir", "/ctl", "--bind", join(dir.ctl, "events"), "/ctl/events", "--remount-ro", "/");
  return [...argv, "--chdir", cwd, ...(facts.setpriv ? ["--", ...dropTo(facts)] : ["--"])];
}

/** `ulimit` lines for the detached shell: they bind everything below it and cost no further program. */
export function limitLines(limits: Limits = {}): string {
  const lines = ["ulimit -c 0"];
  const add = (flag: string, value: number | null | undefined, unit: number) => {
    if (value !== null && value !== undefined) lines.push(`ulimit -${flag} ${Math.floor(value / unit)} 2>/dev/null`);
  };
  add("n", limits.openFiles, 1);
  add("p", limits.processes, 1);
  add("f", limits.fileSize, 512);
  add("v", limits.addressSpace, 1024);
  return lines.join("; ");
}
