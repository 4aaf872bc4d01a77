import { join } from "node:path";
import { findTools } from "@takosumi/opentofu/find";
import type { Tool } from "@takosumi/opentofu/types";
import { Problem } from "@takosumi/start/lines";
import { type Child, startChild } from "./child.ts";
import { lastLines } from "./log-file.ts";

const origins: Record<Tool["origin"], string> = {
  configured: "TAKOSUMI_TOFU_BIN",
  path: "found on PATH",
  cache: "in the cache",
  built: "built here",
};
const product = (tool: Tool) => `${tool.name === "opentofu" ? "OpenTofu" : "Terraform"} ${tool.version}`;
export const describeTool = (tool: Tool): string => `${product(tool)}, ${origins[tool.origin]}`;

/** The tools that the runner will find, best first. Throws a Problem where the configured one does not work. */
export async function toolsHere(where: { tofuBin: string | undefined; cacheDir: string; path: string }): Promise<Tool[]> {
  try {
    return await findTools(where);
  } catch (error) {
    throw new Problem((error as Error).message, "set TAKOSUMI_TOFU_BIN to an executable tofu, or unset it");
  }
}

/** Brings OpenTofu into the cache at the lowest priority, while everything else goes on. Runs look for tools anew each time. */
export function installInBackground(root: string, dataDir: string, env: Record<string, string>, say: (line: string) => void): Child {
  const child = startChild(dataDir, {
    name: "tofu-install",
    command: ["nice", "-n", "19", process.execPath, join(root, "tooling/tofu/install.mjs")],
    cwd: root,
    env,
  });
  void child.exited.then(({ ok, text }) => {
    if (ok) say("OpenTofu is installed: Capsules without state use it from now on");
    else if (!text.startsWith("SIG"))
      say(`OpenTofu was not installed: ${lastLines(child.log, 1)[0] ?? text} (again: npm run tofu:install)`);
  });
  return child;
}
