import { z } from "zod";
import { can } from "../access.ts";
import { del, family, get, patch, post } from "../define.ts";
import { exampleId } from "../example.ts";
import { flag, idOf, nextCursor, nothing, opaqueId, paging, timestamp, workspaceId } from "../fields.ts";
import { capsuleExample, mainTf } from "./examples/capsule.ts";
import { ModuleCredential, ModuleCredentialsInput } from "./module-credentials.ts";
import { ModulePath } from "./module-path.ts";
import { EffectivePolicy, Policy } from "./policy.ts";
import { canonicalProvider, ProviderAddress } from "./provider-address.ts";
import { Source, SourceInput } from "./source.ts";
import { Variable, VariablesInput } from "./variables.ts";

export const ToolInput = z.strictObject({
  name: z.enum(["opentofu", "terraform"]),
  version: z
    .string()
    .regex(/^\d{1,3}\.\d{1,3}\.\d{1,3}(?:-[0-9A-Za-z.]{1,32})?$/, 'is not a version such as "1.12.6"')
    .optional(),
});

export const ProviderBindingInput = z.strictObject({
  provider: ProviderAddress,
  alias: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,127}$/, "is not an alias")
    .optional(),
  connection_id: idOf("connection").nullable(),
});

const ProviderBindingsInput = z
  .array(ProviderBindingInput)
  .max(100)
  .superRefine((bindings, context) => {
    const seen = new Set<string>();
    for (const [index, { provider, alias }] of bindings.entries()) {
      const key = `${canonicalProvider(provider)} ${alias ?? ""}`;
      if (seen.has(key))
        context.addIssue({ code: "custom", path: [index, "provider"], message: `${provider}${alias ? `.${alias}` : ""} is bound twice` });
      seen.add(key);
    }
  });

const name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "is not a name: a-z, 0-9 and -, 1 to 63 characters, not - first or last");
const settings = {
  source: SourceInput,
  module_path: ModulePath,
  module_credentials: ModuleCredentialsInput,
  tool: ToolInput,
  variables: VariablesInput,
  provider_bindings: ProviderBindingsInput,
  policy: Policy,
};

export const CapsuleStatus = z.enum(["pending", "active", "destroyed"]);
/** Who holds a Capsule: a Run that writes or waits for recovery, or a person with a reason. */
export const CapsuleLock = z.object({
  run_id: opaqueId.nullable(),
  reason: z.string(),
  actor: z.object({ id: z.string(), name: z.string() }).nullable(),
  locked_at: timestamp,
});

export const Capsule = z
  .object({
    id: opaqueId,
    workspace_id: opaqueId,
    project_id: opaqueId,
    name: z.string(),
    status: CapsuleStatus,
    source: Source,
    module_path: z.string(),
    module_credentials: z.array(ModuleCredential),
    tool: z.object({ name: z.string(), version: z.string().nullable() }).nullable(),
    state_tool: z.object({ name: z.string(), version: z.string() }).nullable(),
    variables: z.array(Variable),
    provider_bindings: z.array(z.object({ provider: z.string(), alias: z.string().nullable(), connection_id: opaqueId.nullable() })),
    policy: Policy,
    /** Of Project and Capsule together: what a Run is held to. */
    effective_policy: EffectivePolicy,
    config_revision: z.int(),
    resource_count: z.int().nullable(),
    current_state_version_id: opaqueId.nullable(),
    latest_run_id: opaqueId.nullable(),
    lock: CapsuleLock.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: "Capsule", examples: [capsuleExample] });
const oneCapsule = z.object({ capsule: Capsule });
const reason = z.string().trim().min(1).max(500);

export const capsules = family(
  "capsules",
  { context: "deploy", about: "Root modules with their own state." },
  {
    create: post("/api/capsules", {
      summary: "Register a module as a Capsule",
      access: can("capsule:write", { project: "project_id" }),
      audit: "capsule.created",
      body: z.strictObject({
        project_id: idOf("project"),
        name,
        source: settings.source,
        module_path: settings.module_path.optional(),
        module_credentials: settings.module_credentials.optional(),
        tool: settings.tool.optional(),
        variables: settings.variables.optional(),
        provider_bindings: settings.provider_bindings.optional(),
        policy: settings.policy.optional(),
      }),
      examples: [
        {
          summary: "A module of one file",
          value: {
            project_id: exampleId("project"),
            name: "web",
            source: { kind: "inline", files: { "main.tf": mainTf } },
            variables: [{ name: "greeting", value: "hello" }],
          },
        },
        {
          summary: "With a Secret in an environment variable",
          value: {
            project_id: exampleId("project"),
            name: "web-with-secret",
            source: { kind: "inline", files: { "main.tf": 'resource "terraform_data" "a" {}\n' } },
            tool: { name: "opentofu" },
            variables: [{ name: "DB_PASSWORD", kind: "env", secret_id: exampleId("secret") }],
            policy: { timeout: "1h" },
          },
        },
        {
          summary: "An archive that was uploaded",
          value: { project_id: exampleId("project"), name: "web-uploaded", source: { kind: "upload", source_id: exampleId("source") } },
        },
      ],
      output: oneCapsule,
      status: 201,
      errors: ["CONFLICT"],
    }),
    list: get("/api/capsules", {
      summary: "Capsules of a Project or a Workspace",
      access: can("capsule:read", { project: "project_id" }, { workspace: "workspace_id" }),
      query: z.object({
        project_id: idOf("project").optional(),
        workspace_id: workspaceId.optional(),
        status: CapsuleStatus.optional(),
        ...paging,
      }),
      output: z.object({ capsules: z.array(Capsule), ...nextCursor }),
    }),
    read: get("/api/capsules/:id", {
      summary: "A Capsule",
      access: can("capsule:read", { capsule: "id" }),
      output: oneCapsule,
    }),
    update: patch("/api/capsules/:id", {
      summary: "Change a Capsule: plans made before become stale",
      access: can("capsule:write", { capsule: "id" }),
      audit: "capsule.updated",
      body: z.strictObject({
        name: name.optional(),
        source: settings.source.optional(),
        module_path: settings.module_path.optional(),
        module_credentials: settings.module_credentials.optional(),
        tool: settings.tool.nullable().optional(),
        variables: settings.variables.optional(),
        provider_bindings: settings.provider_bindings.optional(),
        policy: settings.policy.optional(),
      }),
      examples: [
        { summary: "Other variables: all of them, not one more", value: { variables: [{ name: "greeting", value: "good evening" }] } },
      ],
      output: oneCapsule,
      errors: ["CONFLICT"],
    }),
    remove: del("/api/capsules/:id", {
      summary: "Delete a Capsule without resources, or with force one that leaves them behind",
      access: can("capsule:write", { capsule: "id" }),
      audit: "capsule.deleted",
      query: z.object({ force: flag.default(false) }),
      output: nothing,
      status: 204,
      errors: ["CONFLICT"],
    }),
    lock: post("/api/capsules/:id/lock", {
      summary: "Keep every apply and destroy of a Capsule waiting",
      access: can("capsule:write", { capsule: "id" }),
      audit: "capsule.locked",
      body: z.strictObject({ reason }),
      examples: [{ summary: "Why", value: { reason: "Migration of the database until noon" } }],
      output: oneCapsule,
      errors: ["CONFLICT"],
    }),
    unlock: post("/api/capsules/:id/unlock", {
      summary: "Take a person's lock away",
      access: can("capsule:write", { capsule: "id" }),
      audit: "capsule.unlocked",
      body: z.strictObject({ reason }),
      examples: [{ summary: "Why", value: { reason: "The migration is done" } }],
      output: oneCapsule,
      errors: ["CONFLICT"],
    }),
  },
);
