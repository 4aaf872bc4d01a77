import type { OauthScope, Role } from "@takosumi/contracts/access";
import type { CapsuleStatus } from "@takosumi/contracts/deploy/capsules";
import type { GitSource } from "@takosumi/contracts/deploy/git";
import type { ModuleCredential } from "@takosumi/contracts/deploy/module-credentials";
import type { Recovery, ResourceChange, Risk } from "@takosumi/contracts/deploy/plan";
import type { Policy } from "@takosumi/contracts/deploy/policy";
import type { Actor, PlanMode, Run, RunKind, RunPhase, RunStatus } from "@takosumi/contracts/deploy/run";
import type { Source as ShownSource } from "@takosumi/contracts/deploy/source";
import type { ShortcutItemValue } from "@takosumi/contracts/tenancy/shortcut";
import type { z } from "zod";
import type * as model from "../generated/client.ts";

/** A column as `Queries` answers it: int8 is a number, and jsonb is unknown until somebody says more below. */
type Column<T> = model.Prisma.JsonValue extends T ? unknown : Narrowed<T>;
type Narrowed<T> = T extends bigint ? number : T;

/** A row of a table: the columns of the Prisma model, some of them said more exactly. Naming a column that is not there does not compile. */
type Row<Model, Exact extends { [Name in keyof Exact]: Name extends keyof Model ? unknown : never } = object> = {
  readonly [Name in keyof Model]: Name extends keyof Exact ? Exact[Name] : Column<Model[Name]>;
};

type Shown = z.infer<typeof Run>;
type ToolName = "opentofu" | "terraform";

export type UserRow = Row<model.users, { kind: "user" | "service"; settings: AccountSettings }>;
/** What somebody chose for their account; what is not there is as it comes. */
export interface AccountSettings {
  readonly setup_completed?: boolean;
  readonly auto_update_enabled?: boolean;
  readonly private_account?: boolean;
  readonly activity_visibility?: "public" | "followers" | "private";
}
export type AuthIdentityRow = Row<model.auth_identities>;
export type SessionRow = Row<model.sessions, { kind: "browser" | "cli" | "external"; method: "password" | "code" | "oidc" | "session" }>;
export type SignInCodeRow = Row<model.sign_in_codes, { purpose: "sign_in" | "reset" }>;
export type NameRow = Row<model.names>;
export type PersonalAccessTokenRow = Row<model.personal_access_tokens, { scopes: readonly string[] | null }>;

export type OauthClientRow = Row<
  model.oauth_clients,
  {
    redirect_uris: readonly string[];
    scopes: readonly OauthScope[];
    grant_types: readonly string[];
    auth_method: "client_secret_basic" | "client_secret_post" | "none";
    status: "active" | "suspended" | "revoked";
  }
>;
export type OauthConsentRow = Row<model.oauth_consents, { scopes: readonly OauthScope[] }>;

export type WorkspaceRow = Row<
  model.workspaces,
  { kind: "personal" | "team"; security_posture: "standard" | "restricted_egress"; former_members: readonly FormerMember[] | null }
>;
export interface FormerMember {
  readonly user_id: string;
  readonly role: Role;
}
export type InvitationRow = Row<model.invitations, { role: Exclude<Role, "owner" | "visitor">; invited_by: Pick<Actor, "id" | "name"> }>;
export type CommonEnvRow = Row<model.common_env>;
export type ShortcutRow = Row<model.shortcuts, { resource_type: "service" | "resource" | "link" }>;
export type ShortcutGroupRow = Row<model.shortcut_groups, { items: readonly ShortcutItemValue[] }>;
export type MemberRow = Row<model.members, { role: Role }>;

export type InstanceSettingRow = Row<model.instance_settings>;
export type AttemptRow = Row<model.attempts>;
export type DataKeyRow = Row<model.data_keys>;
export type IdempotencyClaimRow = Row<model.idempotency_claims>;

export type AuditChainRow = Row<model.audit_chains>;
export type AuditEventRow = Row<model.audit_events, { actor: Actor; metadata: Readonly<Record<string, unknown>> }>;
export type AuditDenialRow = Row<model.audit_denials>;

export type ProjectRow = Row<model.projects, { policy: Policy }>;
export type SecretRow = Row<model.secrets>;
export type SecretUseRow = Row<model.secret_uses>;
export type ConnectionRow = Row<
  model.connections,
  { fields: readonly string[]; files: readonly { readonly path: string; readonly env_name: string | null }[] }
>;
export type ConnectionSecretRow = Row<model.connection_secrets>;
export type ConnectionUseRow = Row<model.connection_uses>;
export type SourceSnapshotRow = Row<model.source_snapshots>;
export type SourceRow = Row<model.sources, { actor: Actor }>;
export type GitCommitRow = Row<model.git_commits>;
export type StateVersionRow = Row<
  model.state_versions,
  { origin: "run" | "recovery" | "import" | "rollback"; actor: Pick<Actor, "id" | "name"> | null }
>;
export type CapsuleRow = Row<
  model.capsules,
  {
    status: z.infer<typeof CapsuleStatus>;
    tool_name: ToolName | null;
    state_tool_name: ToolName | null;
    policy: Policy;
    provider_bindings: readonly { readonly provider: string; readonly alias: string | null; readonly connection_id: string | null }[];
    lock_actor: Actor | null;
    module_credentials: readonly z.infer<typeof ModuleCredential>[];
    source: z.infer<typeof ShownSource>;
  }
>;

/** Times inside jsonb columns are ISO strings. */
export type RunRow = Row<
  model.runs,
  {
    kind: RunKind;
    mode: PlanMode;
    status: RunStatus;
    phase: RunPhase | null;
    phases: Shown["phases"];
    actor: Actor;
    git_source: Pick<z.infer<typeof GitSource>, "url" | "ref" | "path" | "known_hosts"> | null;
    module_credentials: readonly Omit<z.infer<typeof ModuleCredential>, "secret_id">[];
    variables: Shown["variables"];
    tool_name: ToolName | null;
    provider_bindings: Shown["provider_bindings"];
    injected_env: Shown["injected_env"];
    isolation: Shown["isolation"];
    error: Shown["error"];
    recovery: z.infer<typeof Recovery> | null;
  }
>;
export type ApprovalRow = Row<model.approvals>;
export type RunEventRow = Row<model.run_events>;
export type ArtifactRow = Row<model.artifacts, { metadata: Readonly<Record<string, unknown>>; created_by: Pick<Actor, "id" | "name"> }>;
export type RunChangeRow = Row<model.run_changes, { risk: Risk; data: z.infer<typeof ResourceChange> }>;
export type QueueTurnRow = Row<model.queue_turns>;
export type CheckpointRow = Row<model.checkpoints>;

export type RunLogSegmentRow = Row<model.run_log_segments>;

export type NotificationRow = Row<model.notifications, { data: Readonly<Record<string, unknown>> }>;
export type WebhookRow = Row<model.webhooks, { created_by: Pick<Actor, "id" | "name"> }>;
export type WebhookDeliveryRow = Row<
  model.webhook_deliveries,
  { data: Readonly<Record<string, unknown>>; state: "waiting" | "delivered" | "dead" }
>;

export type RunnerPoolRow = Row<model.runner_pools>;
export type RunnerTokenRow = Row<model.runner_tokens, { created_by: Pick<Actor, "id" | "name"> | null }>;
export type RunnerRow = Row<
  model.runners,
  {
    tools: readonly { readonly name: string; readonly version: string }[];
    sandbox: { readonly kind: "bubblewrap" | "none"; readonly not_isolated: readonly string[] };
  }
>;
