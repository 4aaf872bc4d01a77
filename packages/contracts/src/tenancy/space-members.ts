import { z } from "zod";
import { can } from "../access.ts";
import { del, family, get, patch, post } from "../define.ts";
import { nextCursor, paging, timestamp } from "../fields.ts";
import { memberExample } from "./examples/space.ts";
import { givenRoles, memberRoles } from "./space.ts";

/** A member; `service` is a program of somebody's, that was added by its name. */
export const Member = z
  .object({
    username: z.string(),
    email: z.string().nullable(),
    name: z.string(),
    picture: z.string().nullable(),
    kind: z.enum(["user", "service"]),
    role: z.enum(memberRoles),
    created_at: timestamp,
  })
  .meta({ id: "Member", examples: [memberExample] });
const oneMember = z.object({ member: Member.omit({ email: true }).meta({ examples: [{ ...memberExample, email: undefined }] }) });
const role = z.enum(givenRoles, { error: "is admin, editor or viewer: the owner is made by a transfer" });
const at = z.object({ username: z.string().min(1).max(64) });

export const spaceMembers = family(
  "spaceMembers",
  { context: "tenancy", about: "Who belongs to a space, and as what." },
  {
    list: get("/api/spaces/:spaceId/members", {
      summary: "Members of a space, those who came first first",
      access: can("workspace:read", { workspace: "spaceId" }),
      query: z.object(paging),
      output: z.object({ members: z.array(Member), ...nextCursor }),
    }),
    create: post("/api/spaces/:spaceId/members", {
      summary: "Add somebody who has an account here: by a verified e-mail address, or by username",
      about: "Somebody without an account is invited: `POST /api/spaces/:spaceId/invitations`. An admin adds no other admin.",
      access: can("member:write", { workspace: "spaceId" }),
      audit: "member.added",
      body: z
        .strictObject({ email: z.email().max(320).optional(), username: z.string().min(1).max(64).optional(), role })
        .refine(({ email, username }) => (email === undefined) !== (username === undefined), {
          error: "give either email or username",
          path: ["email"],
        }),
      examples: [{ summary: "By e-mail", value: { email: "ada@example.com", role: "editor" } }],
      output: oneMember,
      status: 201,
      errors: ["CONFLICT", "NOT_FOUND"],
    }),
    update: patch("/api/spaces/:spaceId/members/:username", {
      summary: "Change what a member is",
      access: can("member:write", { workspace: "spaceId", member: "username" }),
      audit: "member.role_changed",
      params: at,
      body: z.strictObject({ role }),
      examples: [{ summary: "Only looks", value: { role: "viewer" } }],
      output: oneMember,
      errors: ["CONFLICT"],
    }),
    remove: del("/api/spaces/:spaceId/members/:username", {
      summary: "Remove a member: streams, tokens of the space and queued Runs of theirs end at once",
      access: can("member:write", { workspace: "spaceId", member: "username" }),
      audit: "member.removed",
      params: at,
      output: z.object({ success: z.literal(true) }),
      errors: ["CONFLICT"],
    }),
  },
);
