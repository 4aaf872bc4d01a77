import { ApiError } from "@takosumi/contracts/errors";
import { canonicalJson } from "@takosumi/db/canonical-json";
import type { CapsuleRow } from "@takosumi/db/rows";
import { compareVersions } from "@takosumi/opentofu/version-order";
import type { Settings } from "./repository.ts";
import { gitConfiguration } from "./source.ts";

/** Everything that decides what a Run would do, in one text. */
const configurationOf = (row: Settings): string =>
  canonicalJson([
    row.source.kind === "git" ? gitConfiguration(row.source) : row.source_snapshot_id,
    row.module_credentials,
    row.module_path,
    row.tool_name,
    row.tool_version,
    row.variables,
    row.provider_bindings,
    row.policy,
  ]);

/** Whether a Run of the one would do something else than a Run of the other. */
export const differs = (before: Settings, after: Settings): boolean => configurationOf(before) !== configurationOf(after);

/** A tool does not read the state that a newer version of it wrote: such a Capsule could not be planned any more. */
export function refuseOlderTool(held: CapsuleRow, next: Settings): void {
  const { state_tool_name: name, state_tool_version: written } = held;
  const wanted = next.tool_version;
  if (name === null || written === null || wanted === null || next.tool_name !== name || wanted === held.tool_version) return;
  if (compareVersions(wanted, written) >= 0) return;
  throw new ApiError(
    "CONFLICT",
    `tool.version: the state was written by ${name} ${written}, which ${wanted} may not read: give ${written} or newer`,
    {
      reason: "tool_pinned",
      fields: [{ path: "tool.version", message: `must be ${written} or newer` }],
    },
  );
}
