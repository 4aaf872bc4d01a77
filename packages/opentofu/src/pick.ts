import { TofuError } from "./errors.ts";
import type { Tool, ToolName } from "./types.ts";
import { compareVersions, satisfies } from "./version-order.ts";

/**
 * The first tool that fits, in the order of `findTools`. `wanted` is the Capsule's choice, `least` the version its state
 * was last written with: an older tool would refuse that state half-way. Throws `tool_missing`, naming what there is.
 */
export function pickTool(tools: Tool[], wanted: { name?: ToolName | undefined; version?: string | undefined } = {}, least?: string): Tool {
  const fits = tools.find(
    (tool) =>
      (wanted.name === undefined || tool.name === wanted.name) &&
      (wanted.version === undefined || satisfies(tool.version, wanted.version)) &&
      (least === undefined || compareVersions(tool.version, least) >= 0),
  );
  if (fits) return fits;
  const found = tools.map((tool) => `${tool.name} ${tool.version}`).join(", ") || "none";
  const asked = `${wanted.name ?? "OpenTofu or Terraform"}${wanted.version ? ` ${wanted.version}` : ""}`;
  const atLeast = least ? `, at least ${least} because the state was written by it` : "";
  throw new TofuError(
    "tool_missing",
    `This runner has no ${asked}${atLeast}. It has: ${found}. Install it, or run \`npm run tofu:install\`.`,
  );
}
