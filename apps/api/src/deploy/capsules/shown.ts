import type { Capsule } from "@takosumi/contracts/deploy/capsules";
import { effectivePolicy } from "@takosumi/contracts/deploy/policy";
import type { CapsuleRow } from "@takosumi/db/rows";
import type { StoredVariable } from "@takosumi/run-engine/variables";
import type { z } from "zod";
import type { InheritingCapsule } from "./repository.ts";
import { shownVariable } from "./variables.ts";

type Shown = z.infer<typeof Capsule>;

/** The only way out of a Capsule's row. */
export const shown = (row: InheritingCapsule): Shown => ({
  id: row.id,
  workspace_id: row.workspace_id,
  project_id: row.project_id,
  name: row.name,
  status: row.status,
  source: row.source as Shown["source"],
  module_path: row.module_path,
  module_credentials: [...row.module_credentials],
  tool: row.tool_name === null ? null : { name: row.tool_name, version: row.tool_version },
  state_tool:
    row.state_tool_name === null || row.state_tool_version === null ? null : { name: row.state_tool_name, version: row.state_tool_version },
  variables: (row.variables as readonly StoredVariable[]).map(shownVariable),
  provider_bindings: [...row.provider_bindings],
  policy: row.policy,
  effective_policy: effectivePolicy(row.project_policy, row.policy),
  config_revision: row.config_revision,
  resource_count: row.resource_count,
  current_state_version_id: row.current_state_version_id,
  latest_run_id: row.latest_run_id,
  lock: lockOf(row),
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

const lockOf = ({ lock_run_id, lock_actor, lock_reason, locked_at }: CapsuleRow): Shown["lock"] =>
  locked_at === null
    ? null
    : {
        run_id: lock_run_id,
        reason: lock_reason ?? "",
        actor: lock_actor && { id: lock_actor.id, name: lock_actor.name },
        locked_at: locked_at.toISOString(),
      };
