import { z } from "zod";
import { can } from "../access.ts";
import { del, family, get, patch, post } from "../define.ts";
import { nextCursor, nothing, opaqueId, paging, timestamp, workspaceId } from "../fields.ts";
import { projectExample } from "./examples/project.ts";
import { Policy } from "./policy.ts";

export const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "is not a slug: a-z, 0-9 and -, 1 to 63 characters, not - first");
const name = z.string().trim().min(1).max(200);
const description = z.string().max(2_000).nullable();

export const Project = z
  .object({
    id: opaqueId,
    workspace_id: opaqueId,
    name: z.string(),
    slug: z.string(),
    description: z.string().nullable(),
    policy: Policy,
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: "Project", examples: [projectExample] });
const oneProject = z.object({ project: Project });

export const projects = family(
  "projects",
  { context: "deploy", about: "Groups of Capsules in a Workspace." },
  {
    create: post("/api/projects", {
      summary: "Create a Project",
      access: can("capsule:write", { workspace: "workspace_id" }),
      audit: "project.created",
      body: z.strictObject({
        workspace_id: workspaceId.optional(),
        name,
        slug: slug.optional(),
        description: description.optional(),
        policy: Policy.optional(),
      }),
      examples: [
        { summary: "A name is enough", value: { name: "Payments" } },
        {
          summary: "With limits for all its Capsules",
          value: { name: "Payments", slug: "payments", policy: { approvals: 2, plan_ttl: "12h" } },
        },
      ],
      output: oneProject,
      status: 201,
      errors: ["CONFLICT"],
    }),
    list: get("/api/projects", {
      summary: "Projects of a Workspace",
      access: can("capsule:read", { workspace: "workspace_id" }),
      query: z.object({ workspace_id: workspaceId.optional(), ...paging }),
      output: z.object({ projects: z.array(Project), ...nextCursor }),
    }),
    read: get("/api/projects/:id", {
      summary: "A Project",
      access: can("capsule:read", { project: "id" }),
      output: oneProject,
    }),
    update: patch("/api/projects/:id", {
      summary: "Change a Project",
      access: can("capsule:write", { project: "id" }),
      audit: "project.updated",
      body: z.strictObject({
        name: name.optional(),
        slug: slug.optional(),
        description: description.optional(),
        policy: Policy.optional(),
      }),
      examples: [{ summary: "Another name", value: { name: "Payments and refunds" } }],
      output: oneProject,
      errors: ["CONFLICT"],
    }),
    remove: del("/api/projects/:id", {
      summary: "Delete a Project that holds no Capsule",
      access: can("capsule:write", { project: "id" }),
      audit: "project.deleted",
      output: nothing,
      status: 204,
      errors: ["CONFLICT"],
    }),
  },
);
