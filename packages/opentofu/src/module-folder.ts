import { lstat, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { TofuError } from "./errors.ts";
import type { RunDir } from "./types.ts";

/** The root module's folder on the host; a link on the way out of the tree is refused. */
export async function moduleFolder(dir: RunDir, modulePath: string): Promise<string> {
  const folder = join(dir.tree, modulePath);
  const info = await lstat(folder).catch(() => null);
  if (!info?.isDirectory())
    throw new TofuError(
      "module_missing",
      `The source has no folder ${JSON.stringify(modulePath)}: look at module_path, and at path of a git source.`,
    );
  const [real, tree] = await Promise.all([realpath(folder), realpath(dir.tree)]);
  if (real !== tree && !real.startsWith(tree + sep)) {
    throw new TofuError("bad_path", `module_path ${JSON.stringify(modulePath)} is a link that leaves the source tree.`);
  }
  return real;
}
