import { z } from "zod";
import { opaqueId, timestamp } from "../fields.ts";
import { runExample } from "./examples/run.ts";
import { GitSource } from "./git.ts";
import { ModuleCredentialName } from "./module-credentials.ts";
import { Apply, Plan, Recovery } from "./plan.ts";
import { VariableName } from "./variables.ts";

export const RunKind = z.enum(["plan", "apply", "destroy"]);
export type RunKind = z.infer<typeof RunKind>;
export const PlanMode = z.enum(["normal", "destroy", "refresh_only"]);
export type PlanMode = z.infer<typeof PlanMode>;
export const RunStatus = z.enum([
  "queued",
  "running",
  "planned",
  "awaiting_approval",
  "approved",
  "succeeded",
  "failed",
  "blocked",
  "cancelled",
  "discarded",
  "stale",
  "expired",
  "needs_recovery",
]);
export type RunStatus = z.infer<typeof RunStatus>;
export const RunPhase = z.enum(["preparing", "initializing", "resolving", "planning", "applying", "recording"]);
export type RunPhase = z.infer<typeof RunPhase>;

export const QueueCode = z.enum(["next", "position", "no_runner", "no_tool", "runners_busy", "capsule_locked", "workspace_limit"]);
export const ActionName = z.enum(["approve", "discard", "cancel", "retry", "recover"]);
export type ActionName = z.infer<typeof ActionName>;

export const Actor = z.object({ id: z.string(), kind: z.string(), name: z.string() });
export type Actor = z.infer<typeof Actor>;

/** Why a provider is resolved without a connection, or blocked. Clients branch on it, never on the message. */
export const ResolutionReason = z.enum([
  "credential_free",
  "self_configured",
  "unbound",
  "connection_deleted",
  "connection_expired",
  "connection_needs_setup",
  "connection_other_provider",
  "variable_clash",
  "provider_denied",
  "provider_not_allowed",
]);

/** What became of one provider configuration that a module uses: which connection serves it and under which names, or why none does. */
export const ProviderResolution = z.object({
  provider: z.string(),
  alias: z.string().nullable(),
  status: z.enum(["resolved_provider_connection", "blocked_missing_connection", "blocked_policy"]),
  connection_id: opaqueId.nullable(),
  reason: ResolutionReason.nullable(),
  message: z.string().nullable(),
  remedy: z.string().nullable(),
  recipe: z.object({ id: z.string(), auth_mode: z.string() }).nullable(),
  injected_by: z
    .enum(["environment", "arguments"])
    .nullable()
    .meta({ description: "By variables and files that all of the Run sees, or by arguments of this provider configuration alone" }),
  env_names: z.array(z.string()),
  file_env_names: z.array(z.string()),
});

/** What one caller may do with a Run now, and else why not: the blocking Run, or the permission that is missing. */
export const RunAction = z.object({
  name: ActionName,
  allowed: z.boolean(),
  why_not: z.string().nullable(),
  reason: z.string().nullable(),
  run_id: opaqueId.nullable(),
  permission: z.string().nullable(),
});

export const Run = z
  .object({
    id: opaqueId,
    workspace_id: opaqueId,
    project_id: opaqueId,
    capsule_id: opaqueId,
    kind: RunKind,
    mode: PlanMode,
    status: RunStatus,
    phase: RunPhase.nullable(),
    phases: z.array(z.object({ name: RunPhase, started_at: timestamp, finished_at: timestamp.nullable() })),
    queue: z.object({ code: QueueCode, reason: z.string(), run_id: opaqueId.nullable(), position: z.int().nullable() }).nullable(),
    actions: z.array(RunAction),
    message: z.string().nullable(),
    targets: z.array(z.string()),
    replace: z.array(z.string()),
    source_snapshot: z.object({ id: opaqueId, digest: z.string(), size_bytes: z.int(), commit: z.string().nullable() }).nullable(),
    /** Where the source is fetched from, when it is; `source_snapshot` says what came. */
    git: GitSource.pick({ url: true, ref: true, path: true }).nullable(),
    module_credentials: z.array(ModuleCredentialName),
    config_revision: z.int(),
    variables: z.array(VariableName),
    tool: z.object({ name: z.string(), version: z.string().nullable() }).nullable(),
    provider_lock_digest: z.string().nullable(),
    provider_bindings: z.array(ProviderResolution),
    injected_env: z.array(z.object({ name: z.string(), kind: z.enum(["env", "file"]), phase: z.string(), sensitive: z.boolean() })),
    isolation: z.object({ sandbox: z.enum(["bubblewrap", "none"]), not_isolated: z.array(z.string()) }).nullable(),
    runner: z.object({ id: opaqueId, name: z.string(), pool: z.string() }).nullable(),
    plan: Plan.nullable(),
    apply: Apply.nullable(),
    base_state_version_id: opaqueId.nullable(),
    state_version_id: opaqueId.nullable(),
    plan_run_id: opaqueId.nullable(),
    apply_run_id: opaqueId.nullable(),
    retry_of_run_id: opaqueId.nullable(),
    actor: Actor,
    approval: z.object({
      required: z.int(),
      given: z.array(
        z.object({
          user: z.object({ id: z.string(), name: z.string() }),
          at: timestamp,
          plan_digest: z.string().nullable(),
          message: z.string().nullable(),
        }),
      ),
    }),
    approved_by: z.string().nullable(),
    approved_at: timestamp.nullable(),
    error: z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()).nullable() }).nullable(),
    recovery: Recovery.nullable(),
    created_at: timestamp,
    queued_at: timestamp.nullable(),
    started_at: timestamp.nullable(),
    finished_at: timestamp.nullable(),
    expires_at: timestamp.nullable(),
    audit: z.object({ first_event_id: opaqueId.nullable(), last_event_id: opaqueId.nullable() }),
  })
  .meta({ id: "Run", examples: [runExample] });
