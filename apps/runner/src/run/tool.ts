import type { Lease } from "@takosumi/contracts/runner/lease";
import { findTools } from "@takosumi/opentofu/find";
import { pickTool } from "@takosumi/opentofu/pick";
import type { Tool, ToolName } from "@takosumi/opentofu/types";
import type { Settings } from "../env.ts";
import { RunFailure } from "./failure.ts";

const LOOKED_MS = 2_000;
const looked = new WeakMap<Settings, { at: number; tools: Promise<Tool[]> }>();

/** The tools of this machine, looked for again where the last look is older than two seconds: one installed meanwhile is seen. */
export function toolsOf(settings: Settings): Promise<Tool[]> {
  const last = looked.get(settings);
  if (last && performance.now() - last.at < LOOKED_MS) return last.tools;
  const tools = findTools({ tofuBin: settings.tofuBin, cacheDir: settings.cacheDir, path: settings.path });
  looked.set(settings, { at: performance.now(), tools });
  tools.catch(() => looked.delete(settings));
  return tools;
}

/** The tool of a plan: what the Capsule asks for, never older than what wrote its state. */
export async function planTool(settings: Settings, { name, version, least }: Lease["tool"]): Promise<Tool> {
  return pickTool(
    await toolsOf(settings),
    { name: (name as ToolName | null) ?? undefined, version: version ?? undefined },
    least ?? undefined,
  );
}

/** The tool of an apply: the very bytes that planned. */
export async function sealedTool(settings: Settings, { name, version, digest }: Lease["tool"]): Promise<Tool> {
  const tools = (await toolsOf(settings)).filter((tool) => tool.name === name && tool.version === version);
  const same = tools.find((tool) => tool.digest === digest);
  if (same) return same;
  if (tools.length > 0)
    throw new RunFailure(
      "SEAL_MISMATCH",
      `The ${name} ${version} of this runner is not the binary that made the plan. Nothing was executed: make a new plan.`,
    );
  throw new RunFailure(
    "TOOL_NOT_FOUND",
    `The plan was made with ${name} ${version}, which this runner does not have. Install it, or make a new plan.`,
  );
}
