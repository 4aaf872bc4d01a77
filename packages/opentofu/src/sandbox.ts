import { basename, join } from "node:path";
import { dropTo, isolation } from "./sandbox-facts.ts";
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
  /** Further folders of the host, read-only, and where the payload sees them. */
  shown?: readonly { host: string; seen: string }[];
  limits?: Limits;
};

/** Where the payload sees the mirror. Its links in the data directory point there, so it never changes between phases. */
export function mirrorSeen(facts: SandboxFacts, mirror: string): string {
  return facts.kind === "bubblewrap" ? "/opt/mirror" : mirror;
}

/** A sandbox as bubblewrap is told of it. Holds paths only: the environment goes another way. */
export type Walls = {
  /** What goes by descriptor. Its last part makes the payload's directory: where it was cut off, nothing can start. */
  options: string[];
  /** What stands before the payload's own argv. */
  line: string[];
};

/** Null without bubblewrap. */
export async function sandboxWalls(box: Box, dir: RunDir, cwd: string): Promise<Walls | null> {
  const { facts } = box;
  if (facts.kind === "none") return null;
  const options = await isolation(facts.setpriv);
  if (box.network === "none") options.push("--unshare-net");
  options.push("--perms", "0755", "--dir", "/opt", "--ro-bind", box.toolPath, `/opt/${basename(box.toolPath)}`);
  if (box.mirror !== null) options.push("--ro-bind", box.mirror, mirrorSeen(facts, box.mirror));
  for (const { host, seen } of box.shown ?? []) options.push("--ro-bind", host, seen);
  options.push("--perms", "0755", "--dir", "/etc");
  for (const file of ETC_FILES) options.push("--ro-bind-try", file, file);
  for (const file of ["passwd", "group"]) options.push("--ro-bind", join(dir.ctl, file), `/etc/${file}`);
  options.push("--perms", "1777", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev");
  options.push(box.dataWritable ? "--bind" : "--ro-bind", dir.data, "/data", "--bind", dir.io, "/io");
  options.push("--perms", "0755", "--dir", "/ctl", "--bind", join(dir.ctl, "events"), "/ctl/events", "--bind", dir.tree, "/work");
  return { options, line: ["--remount-ro", "/", "--chdir", cwd, "--", ...(facts.setpriv ? dropTo(facts) : [])] };
}

/** `ulimit` lines for the detached shell: they bind everything below it and cost no further program. */
export function limitLines(limits: Limits = {}, { cgroups }: Pick<SandboxFacts, "cgroups">): string {
  const lines = ["ulimit -c 0"];
  const add = (flag: string, value: number | null | undefined, unit: number) => {
    if (value !== null && value !== undefined) lines.push(`ulimit -${flag} ${Math.floor(value / unit)} 2>/dev/null`);
  };
  add("n", limits.openFiles, 1);
  // Of a whole uid, and so of other Runs as well: only where nothing better is there.
  if (!cgroups.processes) add("p", limits.processes, 1);
  add("f", limits.fileSize, 512);
  return lines.join("; ");
}
