import type { CapsuleRow } from "@takosumi/db/rows";
import type { StoredVariable } from "@takosumi/run-engine/variables";

/** A Capsule as everybody sees it: no sensitive value, sealed or not. The only way out for its row. */
export const shown = (capsule: CapsuleRow) => ({
  id: capsule.id,
  workspace_id: capsule.workspace_id,
  project_id: capsule.project_id,
  name: capsule.name,
  status: capsule.status,
  source: capsule.source,
  module_path: capsule.module_path,
  tool: capsule.tool_name && { name: capsule.tool_name, version: capsule.tool_version },
  state_tool: capsule.state_tool_name && capsule.state_tool_version ? { name: capsule.state_tool_name, version: capsule.state_tool_version } : null,
  variables: (capsule.variables as readonly StoredVariable[]).map(({ name, kind, value, secret_id, sensitive }) => ({
    name,
    kind,
    value: sensitive ? null : value,
    secret_id,
    sensitive,
  })),
  provider_bindings: [...capsule.provider_bindings],
  policy: capsule.policy,
  config_revision: capsule.config_revision,
  resource_count: capsule.resource_count,
  current_state_version_id: capsule.current_state_version_id,
  latest_run_id: capsule.latest_run_id,
  lock: lockOf(capsule),
  created_at: capsule.created_at.toISOString(),
  updated_at: capsule.updated_at.toISOString(),
});

function lockOf({ lock_run_id, lock_actor, lock_reason, locked_at }: CapsuleRow) {
  if (lock_run_id === null && lock_actor === null) return null;
  return { run_id: lock_run_id, reason: lock_reason ?? "", actor: lock_actor && { id: lock_actor.id, name: lock_actor.name }, locked_at: (locked_at ?? new Date()).toISOString() };
}
