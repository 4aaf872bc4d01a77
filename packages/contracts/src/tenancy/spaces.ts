import { z } from "zod";
import { can, own, signedIn } from "../access.ts";
import { del, family, get, patch, post } from "../define.ts";
import { exampleId, exampleTime } from "../example.ts";
import { nextCursor, opaqueId, paging, saysAny, timestamp, workspaceId } from "../fields.ts";
import { modelNames } from "../identity/models.ts";
import { nameProblem } from "../identity/names.ts";
import { postures, Space, SpaceRepository, spaceName } from "./space.ts";

const description = z.string().trim().max(2_000);
const provider = z.enum(["openai", "anthropic", "google"]);
const model = z.enum(modelNames, { error: `is not a model of this instance: ${modelNames.join(", ")}` });
/** The slug that is wished for. */
const slug = z
  .string()
  .max(100)
  .superRefine((given, { addIssue }) => {
    const message = given === given.toLowerCase() ? nameProblem(given) : "is not in lower case";
    if (message) addIssue({ code: "custom", message });
  });
const oneSpace = z.object({ space: Space });
const shownSpace = z.object({ space: Space, role: Space.shape.role, repository: SpaceRepository });
const success = z.object({ success: z.literal(true) });

const modelExample = { ai_model: "gpt-5.4", ai_provider: "openai", model: "gpt-5.4", provider: "openai", token_limit: 112_000 };
const ChosenModel = z
  .object({ ai_model: z.string(), ai_provider: z.string(), model: z.string(), provider: z.string(), token_limit: z.int() })
  .meta({ id: "ChosenModel", examples: [modelExample] });
const SidebarItem = z
  .object({
    label: z.string(),
    icon: z.string().nullable(),
    path: z.string().optional(),
    url: z.string().optional(),
    extensionId: opaqueId,
  })
  .meta({ examples: [{ label: "Status", icon: null, url: "https://status.example.com", extensionId: exampleId("shortcut_group") }] });
const Listed = { id: opaqueId, name: z.string(), updated_at: timestamp };
const exported = { updated_at: exampleTime(), method: "GET" as const };
const Export = z.object({
  space: Space,
  exported_at: timestamp.meta({ examples: [exampleTime()] }),
  repositories: z.array(z.never()).meta({ examples: [[]] }),
  threads: z.array(z.never()).meta({ examples: [[]] }),
  resources: z.object({ d1: z.array(z.never()).meta({ examples: [[]] }), r2: z.array(z.never()).meta({ examples: [[]] }) }),
  projects: z
    .array(z.object({ ...Listed, export_url: z.string(), method: z.literal("GET") }))
    .meta({ examples: [[{ id: exampleId("project"), name: "web", export_url: `/api/projects/${exampleId("project")}`, ...exported }]] }),
  /** `export_url` lists its states; each of them is read by its id. */
  capsules: z.array(z.object({ ...Listed, export_url: z.string(), method: z.literal("GET") })).meta({
    examples: [[{ id: exampleId("capsule"), name: "site", export_url: `/api/state/${exampleId("capsule")}/versions`, ...exported }]],
  }),
  counts: z
    .object({
      repositories: z.int(),
      threads: z.int(),
      d1_resources: z.int(),
      r2_resources: z.int(),
      total_resources: z.int(),
      projects: z.int(),
      capsules: z.int(),
    })
    .meta({ examples: [{ repositories: 0, threads: 0, d1_resources: 0, r2_resources: 0, total_resources: 0, projects: 1, capsules: 1 }] }),
  /** There is more than the 1,000 of a kind that are listed. */
  truncated: z.boolean(),
});

export const spaces = family(
  "spaces",
  { context: "tenancy", about: "Spaces, which are Workspaces: what people share." },
  {
    list: get("/api/spaces", {
      summary: "The spaces that one is a member of, those that changed last first",
      access: signedIn("account:read"),
      query: z.object(paging),
      output: z.object({ spaces: z.array(Space), ...nextCursor }),
    }),
    create: post("/api/spaces", {
      summary: "Make a space, and be its owner",
      access: signedIn("account:write"),
      audit: "workspace.created",
      body: z.strictObject({ name: spaceName, id: slug.optional(), description: description.optional() }),
      examples: [{ summary: "Named; its slug follows from that", value: { name: "Acme" } }],
      output: z.object({ space: Space, repository: SpaceRepository }),
      status: 201,
      errors: ["CONFLICT"],
    }),
    me: get("/api/spaces/me", {
      summary: "The space of one's own; for a token of a space, that one",
      access: can("workspace:read", { workspace: "space_id" }),
      query: z.object({ space_id: workspaceId.optional() }),
      output: shownSpace,
    }),
    read: get("/api/spaces/:spaceId", {
      summary: "A space, and what one is in it",
      access: can("workspace:read", { workspace: "spaceId" }),
      output: shownSpace,
    }),
    update: patch("/api/spaces/:spaceId", {
      summary: "Change a space; its slug stays",
      access: can("workspace:write", { workspace: "spaceId" }),
      audit: "workspace.updated",
      body: z
        .strictObject({
          name: spaceName.optional(),
          description: description.nullable().optional(),
          ai_model: model.optional(),
          ai_provider: provider.optional(),
          security_posture: z.enum(postures).optional(),
        })
        .refine(saysAny("name", "description", "ai_model", "ai_provider", "security_posture"), "says nothing to change"),
      examples: [{ summary: "Another name", value: { name: "Acme Ltd" } }],
      output: oneSpace,
    }),
    remove: del("/api/spaces/:spaceId", {
      summary: "Delete a space: it is gone for its members at once, and its owner may restore it for seven days",
      about: "409 while a Capsule of it holds resources or a Run has not ended. A space of one's own is not deleted.",
      access: can("workspace:delete", { workspace: "spaceId" }),
      audit: "workspace.deleted",
      output: success,
      errors: ["CONFLICT"],
    }),
    restore: post("/api/spaces/:spaceId/restore", {
      summary: "Bring a deleted space back with its members, within seven days, as its owner",
      access: own({ deleted_workspace: "spaceId" }, "account:write"),
      audit: "workspace.restored",
      output: oneSpace,
      errors: ["CONFLICT"],
    }),
    leave: post("/api/spaces/:spaceId/leave", {
      summary: "Leave a space; its owner transfers it first",
      access: can("workspace:read", { workspace: "spaceId" }),
      audit: "member.left",
      output: success,
      errors: ["CONFLICT"],
    }),
    transfer: post("/api/spaces/:spaceId/transfer", {
      summary: "Make another member the owner; one becomes an admin",
      access: can("workspace:transfer", { workspace: "spaceId" }),
      audit: "workspace.transferred",
      body: z.strictObject({ username: z.string().min(1).max(64) }),
      examples: [{ summary: "To a member", value: { username: "grace" } }],
      output: oneSpace,
      errors: ["CONFLICT"],
    }),
    export: get("/api/spaces/:spaceId/export", {
      summary: "What a space holds, and where each of it is read",
      access: can("workspace:read", { workspace: "spaceId" }),
      output: Export,
    }),
    model: get("/api/spaces/:spaceId/model", {
      summary: "The language model of a space; each value under two names",
      access: can("workspace:read", { workspace: "spaceId" }),
      output: ChosenModel,
    }),
    updateModel: patch("/api/spaces/:spaceId/model", {
      summary: "Choose the language model of a space",
      access: can("workspace:write", { workspace: "spaceId" }),
      audit: "workspace.model_changed",
      body: z
        .strictObject({
          model: model.optional(),
          provider: provider.optional(),
          ai_model: model.optional(),
          ai_provider: provider.optional(),
        })
        .refine((given) => (given.model ?? given.ai_model) !== undefined, { error: "is needed", path: ["model"] })
        .refine((given) => !given.model || !given.ai_model || given.model === given.ai_model, {
          error: "is another than model",
          path: ["ai_model"],
        }),
      examples: [{ summary: "By its name", value: { model: "gpt-5.4" } }],
      output: ChosenModel,
    }),
    sidebar: get("/api/spaces/:spaceId/sidebar-items", {
      summary: "What stands in the sidebar of a space: the pages and links of its shortcut groups",
      access: can("workspace:read", { workspace: "spaceId" }),
      output: z.object({ items: z.array(SidebarItem) }),
    }),
  },
);
