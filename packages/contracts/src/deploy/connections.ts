import { z } from "zod";
import { can } from "../access.ts";
import { del, family, get, patch, post } from "../define.ts";
import { nextCursor, nothing, opaqueId, paging, timestamp, workspaceId } from "../fields.ts";
import { connectionExample } from "./examples/connection.ts";
import { materialInput } from "./material.ts";
import { ProviderAddress } from "./provider-address.ts";

const name = z
  .string()
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_. -]{0,126}[A-Za-z0-9_.-]$|^[A-Za-z0-9_]$/,
    "is not a name: letters, digits, space, _ . and -, at most 128",
  );
const recipeWord = z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/, "is not the id of one: GET /recipes lists them");
const expiresAt = timestamp
  .refine((at) => Date.parse(at) > Date.now(), { error: "is in the past" })
  .meta({ description: "When the credentials end. From then on no Run gets them; null where they do not end" });

export const ConnectionStatus = z.enum(["ready", "expired", "needs_setup", "revoked"]);
export type ConnectionStatus = z.infer<typeof ConnectionStatus>;

/** Everything that is ever said about a connection: names, never a value, nor which Secret holds one. */
export const Connection = z
  .object({
    id: opaqueId,
    workspace_id: opaqueId,
    name: z.string(),
    provider: z.string(),
    recipe: z.object({ id: z.string(), auth_mode: z.string() }),
    status: ConnectionStatus,
    status_message: z.string().nullable().meta({ description: "Why it is not ready, and what to do" }),
    fields: z.array(z.string()).meta({ description: "Names of the fields that have a value, from here or from a Secret" }),
    env_names: z.array(z.string()).meta({ description: "Environment variables that a Run gets, in one phase or both" }),
    file_env_names: z.array(z.string()).meta({ description: "Those that hold the path of a file" }),
    used_by: z
      .object({
        count: z.int().meta({ description: "Capsules that bind it; 1,000 means that many or more" }),
        capsules: z.array(z.object({ id: opaqueId, name: z.string(), project_id: opaqueId })),
      })
      .meta({ description: "What blocks once it is deleted. `capsules` holds the first 100; in a list, the first 3" }),
    expires_at: timestamp.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
    rotated_at: timestamp.meta({ description: "When its values were last replaced" }),
    revoked_at: timestamp.nullable(),
  })
  .meta({ id: "Connection", examples: [connectionExample] });
const oneConnection = z.object({ connection: Connection });
const byId = { connection: "id" } as const;

export const connections = family(
  "connections",
  { context: "deploy", about: "Credentials of a provider, by a recipe that says how a Run gets them." },
  {
    create: post("/api/connections", {
      summary: "Store the credentials of a provider",
      about:
        "Which fields there are, and which variables and files they become, is what the recipe says: `GET /recipes`. A field's value is given in `values`, or taken from a Secret by `secrets`. Nothing of it is ever answered.",
      access: can("connection:write", { workspace: "workspace_id" }),
      audit: "connection.created",
      body: z.strictObject({
        workspace_id: workspaceId.optional(),
        name,
        provider: ProviderAddress,
        recipe: z.strictObject({ id: recipeWord, auth_mode: recipeWord.optional() }),
        values: materialInput.values.optional(),
        secrets: materialInput.secrets.optional(),
        files: materialInput.files.optional(),
        expires_at: expiresAt.nullable().optional(),
      }),
      output: oneConnection,
      status: 201,
      examples: [
        {
          summary: "An API token",
          value: {
            name: "cloudflare-prod",
            provider: "cloudflare/cloudflare",
            recipe: { id: "cloudflare", auth_mode: "api_token" },
            values: { CLOUDFLARE_API_TOKEN: "Zq3kfx0-examples-are-no-tokens_1a2b3c4d" },
          },
        },
        {
          summary: "Static keys, the secret one from a Secret",
          value: {
            name: "aws-prod",
            provider: "hashicorp/aws",
            recipe: { id: "aws", auth_mode: "static_keys" },
            values: { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_REGION: "eu-central-1" },
            secrets: { AWS_SECRET_ACCESS_KEY: "sec_01jd4r6m3xk8q2v7n5t9c0hbwe" },
          },
        },
        {
          summary: "Any variables and files",
          value: {
            name: "intranet",
            provider: "example.com/acme/intranet",
            recipe: { id: "generic-env" },
            values: { INTRANET_TOKEN: "…" },
            files: [{ path: "ca.pem", content: "-----BEGIN CERTIFICATE-----…", env_name: "INTRANET_CA_FILE" }],
          },
        },
      ],
      errors: ["CONFLICT"],
    }),
    list: get("/api/connections", {
      summary: "Connections of a Workspace, without deleted ones",
      access: can("connection:read", { workspace: "workspace_id" }),
      query: z.object({ workspace_id: workspaceId.optional(), provider: ProviderAddress.optional(), ...paging }),
      output: z.object({ connections: z.array(Connection), ...nextCursor }),
    }),
    read: get("/api/connections/:id", {
      summary: "A connection, and the Capsules that use it; a deleted one has the status revoked",
      access: can("connection:read", byId),
      output: oneConnection,
    }),
    update: patch("/api/connections/:id", {
      summary: "Rename a connection, or replace its credentials",
      about:
        "`values`, `secrets` and `files` are each replaced as a whole where given, and kept where not. Capsules stay bound and plans stay valid, unless other variables result: then plans that used it are stale.",
      access: can("connection:write", byId),
      audit: "connection.updated",
      body: z.strictObject({
        name: name.optional(),
        values: materialInput.values.optional(),
        secrets: materialInput.secrets.optional(),
        files: materialInput.files.optional(),
        expires_at: expiresAt.nullable().optional(),
      }),
      output: oneConnection,
      examples: [{ summary: "Rotate a token", value: { values: { INTRANET_TOKEN: "another value" }, expires_at: "2099-01-01T00:00:00Z" } }],
      errors: ["CONFLICT", "GONE"],
    }),
    remove: del("/api/connections/:id", {
      summary: "Delete a connection: its credentials are destroyed, and what binds it is blocked",
      access: can("connection:write", byId),
      audit: "connection.deleted",
      output: nothing,
      status: 204,
      errors: ["GONE"],
    }),
  },
);
