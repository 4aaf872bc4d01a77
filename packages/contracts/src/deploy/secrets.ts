import { z } from "zod";
import { can } from "../access.ts";
import { del, family, get, post, put } from "../define.ts";
import { exampleId } from "../example.ts";
import { nextCursor, nothing, opaqueId, paging, timestamp, workspaceId } from "../fields.ts";
import { secretExample } from "./examples/secret.ts";

const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/, "is not a name: letters, digits, _ . and -, at most 128, a letter or _ first");
const value = z.string().min(1).max(65_536);

/** Everything that is ever said about a Secret. */
export const Secret = z
  .object({ id: opaqueId, workspace_id: opaqueId, name: z.string(), created_at: timestamp, updated_at: timestamp })
  .meta({ id: "Secret", examples: [secretExample] });
const oneSecret = z.object({ secret: Secret });
const Users = z.array(z.object({ id: opaqueId, name: z.string() }));
/** Where a Secret is used: the first 100 Capsules; `truncated` says that there are more. */
const SecretUses = z.object({ capsules: Users, connections: Users, truncated: z.boolean() });
const usesExample = { capsules: [{ id: exampleId("capsule"), name: "web" }], connections: [], truncated: false };
const UsedSecret = Secret.extend({ used_by: SecretUses }).meta({ examples: [{ ...secretExample, used_by: usesExample }] });

export const secrets = family(
  "secrets",
  { context: "deploy", about: "Values that are written and never read back." },
  {
    create: post("/api/secrets", {
      summary: "Store a Secret",
      access: can("secret:write", { workspace: "workspace_id" }),
      audit: "secret.created",
      body: z.strictObject({ workspace_id: workspaceId.optional(), name, value }),
      examples: [{ summary: "In the caller's own Workspace", value: { name: "DB_PASSWORD", value: "correct horse battery staple" } }],
      output: oneSecret,
      status: 201,
      errors: ["CONFLICT"],
    }),
    list: get("/api/secrets", {
      summary: "Names of the Secrets of a Workspace, or the one of a name",
      access: can("capsule:read", { workspace: "workspace_id" }),
      query: z.object({ workspace_id: workspaceId.optional(), name: name.optional(), ...paging }),
      output: z.object({ secrets: z.array(Secret), ...nextCursor }),
    }),
    read: get("/api/secrets/:id", {
      summary: "A Secret and what uses it; never its value",
      access: can("capsule:read", { secret: "id" }),
      output: z.object({ secret: UsedSecret }),
    }),
    replace: put("/api/secrets/:id", {
      summary: "Replace the value of a Secret: plans made from now on use it",
      access: can("secret:write", { secret: "id" }),
      audit: "secret.replaced",
      body: z.strictObject({ value }),
      examples: [{ summary: "The next password", value: { value: "staple battery horse correct" } }],
      output: oneSecret,
    }),
    remove: del("/api/secrets/:id", {
      summary: "Delete a Secret that no Capsule and no connection uses",
      access: can("secret:write", { secret: "id" }),
      audit: "secret.deleted",
      output: nothing,
      status: 204,
      errors: ["CONFLICT"],
    }),
  },
);
