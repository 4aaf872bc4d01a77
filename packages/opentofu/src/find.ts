import { access, constants, readdir, readFile, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { TofuError } from "./errors.ts";
import { probeTool } from "./probe.ts";
import type { Tool } from "./types.ts";
import { compareVersions } from "./version-order.ts";

export type WhereToLook = {
  /** TAKOSUMI_TOFU_BIN: where it is set it must be there. */
  tofuBin?: string | undefined;
  /** Holds `tools/opentofu/<version>/tofu`. */
  cacheDir: string;
  /** The PATH to search. */
  path: string;
};

/**
 * Every tool on this machine, best first: the configured binary, `tofu` on PATH, cached installs newest first, `terraform`
 * on PATH. Called for every Run, so that a tool installed meanwhile is seen; an unchanged binary costs one stat.
 * A binary on PATH or in the cache that does not work is left out; a configured one throws `tool_missing` or `tool_broken`.
 */
export async function findTools(where: WhereToLook): Promise<Tool[]> {
  const found = await Promise.all([
    configured(where.tofuBin),
    onPath("tofu", where.path),
    cached(where.cacheDir),
    onPath("terraform", where.path),
  ]);
  const tools = found.flat();
  // One binary may be found twice (a link on PATH into the cache): the first mention stands.
  return tools.filter((tool, at) => tools.findIndex((other) => other.path === tool.path) === at);
}

async function configured(path: string | undefined): Promise<Tool[]> {
  if (!path) return [];
  if (!isAbsolute(path) || !(await isProgram(path))) {
    throw new TofuError(
      "tool_missing",
      `TAKOSUMI_TOFU_BIN is ${path}, where no executable is. Set it to the absolute path of tofu, or unset it.`,
    );
  }
  return [{ ...(await probeTool(path)), origin: "configured" }];
}

async function onPath(name: string, path: string): Promise<Tool[]> {
  for (const folder of path.split(":")) {
    const candidate = join(folder, name);
    if (isAbsolute(folder) && (await isProgram(candidate))) return working(candidate, "path");
  }
  return [];
}

async function cached(cacheDir: string): Promise<Tool[]> {
  const folder = join(cacheDir, "tools/opentofu");
  const versions = (await readdir(folder).catch(() => []))
    .filter((name) => /^\d+\.\d+\.\d+/.test(name))
    .sort((a, b) => compareVersions(b, a));
  const tools = await Promise.all(
    versions.slice(0, 16).map(async (version) => {
      const path = join(folder, version, "tofu");
      if (!(await isProgram(path))) return [];
      return working(
        path,
        (await readFile(join(folder, version, "origin"), "utf8").catch(() => "")).trim() === "built" ? "built" : "cache",
      );
    }),
  );
  return tools.flat();
}

async function working(path: string, origin: Tool["origin"]): Promise<Tool[]> {
  try {
    return [{ ...(await probeTool(path)), origin }];
  } catch {
    return [];
  }
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
