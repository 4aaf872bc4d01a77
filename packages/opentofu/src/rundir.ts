import { chmod, mkdir, rm } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import { TofuError } from "./errors.ts";
import type { RunDir, SandboxFacts, SeenPaths, Tool } from "./types.ts";

/** Names the parts of a run directory; touches nothing. `root` is `<runner dir>/<plan run id>`, the same for plan and apply. */
export function openRunDir(root: string): RunDir {
  return {
    root,
    tree: join(root, "tree"),
    data: join(root, "data"),
    ctl: join(root, "ctl"),
    io: join(root, "io"),
    credentials: join(root, "credentials"),
  };
}

/** An empty run directory; what stood there before is removed. */
export async function createRunDir(root: string): Promise<RunDir> {
  const dir = openRunDir(root);
  await rm(root, { recursive: true, force: true });
  for (const part of [dir.root, dir.tree, dir.data, dir.ctl, dir.io]) await mkdir(part, { recursive: true, mode: 0o700 });
  // bubblewrap enters the tree as root without the right to read other users' folders; `root` keeps everybody else out.
  await chmod(dir.tree, 0o711);
  return dir;
}

/**
 * Plaintext goes when a phase has ended: plan file, state, variables, credentials, raw output. The tree, the downloaded
 * modules and the providers stay, for an apply on this runner.
 */
export async function clearSecrets(dir: RunDir): Promise<void> {
  await rm(dir.credentials, { recursive: true, force: true });
  for (const part of [dir.io, dir.ctl]) {
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { mode: 0o700 });
  }
}

/** Which paths below `root` are sealed with a plan: source, downloaded modules, what the plan wrote, the backend record; never providers. */
export function inWorkSnapshot(path: string): boolean {
  return (
    path === "tree" ||
    path.startsWith("tree/") ||
    path === "data" ||
    path === "data/modules" ||
    path.startsWith("data/modules/") ||
    path === "data/terraform.tfstate"
  );
}

/** Where the payload sees things: `/work` and its siblings inside bubblewrap, the host's own paths without it. */
export function seenPaths(dir: RunDir, facts: SandboxFacts, tool: Tool, modulePath: string): SeenPaths {
  const boxed = facts.kind === "bubblewrap";
  const tree = boxed ? "/work" : dir.tree;
  const io = boxed ? "/io" : dir.io;
  return {
    tree,
    module: posix.join(tree, safeModulePath(modulePath)),
    data: boxed ? "/data" : dir.data,
    io,
    credentials: boxed ? "/credentials" : dir.credentials,
    state: `${io}/state.tfstate`,
    planFile: `${io}/plan`,
    varFile: `${io}/variables.tfvars.json`,
    cliConfig: `${io}/cli.tfrc`,
    events: boxed ? "/ctl/events" : join(dir.ctl, "events"),
    home: boxed ? "/tmp" : `${io}/home`,
    tool: boxed ? `/opt/${basename(tool.path)}` : tool.path,
  };
}

/** The root module below the tree, normalised; "" is the tree itself. Throws `bad_path` for one that leaves it. */
export function safeModulePath(modulePath: string): string {
  const path = posix.normalize(modulePath || ".").replace(/\/$/, "");
  if (path === ".") return "";
  if (posix.isAbsolute(path) || path.startsWith("..") || path.includes("\0")) {
    throw new TofuError("bad_path", `module_path ${JSON.stringify(modulePath)} leaves the source tree. Give a path below its root.`);
  }
  return path;
}
