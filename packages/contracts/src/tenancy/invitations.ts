import { z } from "zod";
import { anyone, can } from "../access.ts";
import { del, family, get, post } from "../define.ts";
import { exampleId } from "../example.ts";
import { nextCursor, nothing, opaqueId, paging, timestamp } from "../fields.ts";
import { displayName, username } from "../identity/names.ts";
import { newPassword } from "../identity/passwords.ts";
import { invitationExample } from "./examples/space.ts";
import { givenRoles } from "./space.ts";

export const Invitation = z
  .object({
    id: opaqueId,
    /** One of the two says who is invited. */
    email: z.string().nullable(),
    username: z.string().nullable(),
    role: z.enum(givenRoles),
    invited_by: z.object({ id: opaqueId, name: z.string() }),
    created_at: timestamp,
    expires_at: timestamp,
  })
  .meta({ id: "Invitation", examples: [invitationExample] });
/** What somebody sees who holds an invitation. */
const Offer = z
  .object({
    space: z.object({ name: z.string(), slug: z.string() }),
    role: z.enum(givenRoles),
    invited_by: z.string(),
    expires_at: timestamp,
  })
  .meta({
    examples: [{ space: { name: "Acme", slug: "acme" }, role: "editor", invited_by: "Grace", expires_at: invitationExample.expires_at }],
  });
const success = z.object({ success: z.literal(true) });
const token = z.object({
  token: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,128}$/, "is not an invitation")
    .meta({ description: "What stood in the mail, or the id of an invitation that is one's own" }),
});

export const invitations = family(
  "invitations",
  { context: "tenancy", about: "Asking somebody into a space. An invitation is good for seven days, and once." },
  {
    list: get("/api/spaces/:spaceId/invitations", {
      summary: "Invitations of a space that nobody has taken yet, the newest first",
      access: can("member:write", { workspace: "spaceId" }),
      query: z.object(paging),
      output: z.object({ invitations: z.array(Invitation), ...nextCursor }),
    }),
    create: post("/api/spaces/:spaceId/invitations", {
      summary: "Invite somebody: by mail, whether or not they have an account, or by username",
      about: "The link goes to that address alone. Inviting somebody again replaces the invitation before.",
      access: can("member:write", { workspace: "spaceId" }),
      audit: "invitation.created",
      body: z
        .strictObject({
          email: z.email().max(320).optional(),
          username: z.string().min(1).max(64).optional(),
          role: z.enum(givenRoles, { error: "is admin, editor or viewer" }),
        })
        .refine(({ email, username: name }) => (email === undefined) !== (name === undefined), {
          error: "give either email or username",
          path: ["email"],
        }),
      examples: [{ summary: "By mail", value: { email: "ada@example.com", role: "editor" } }],
      output: z.object({ invitation: Invitation }),
      status: 201,
      errors: ["CONFLICT", "NOT_FOUND"],
    }),
    remove: del("/api/spaces/:spaceId/invitations/:id", {
      summary: "Take an invitation back",
      access: can("member:write", { workspace: "spaceId", invitation: "id" }),
      audit: "invitation.revoked",
      output: nothing,
      status: 204,
    }),
    read: get("/api/invitations/:token", {
      summary: "What an invitation offers",
      access: anyone,
      params: token,
      output: z.object({ invitation: Offer }),
      errors: ["NOT_FOUND"],
    }),
    accept: post("/api/invitations/:token", {
      summary: "Take an invitation: signed in, or with a new account",
      about:
        "Whoever is not signed in chooses a username and a password: the account is made, its address counts as verified, and it is signed in.",
      access: anyone,
      audit: "invitation.accepted",
      params: token,
      body: z.strictObject({ username: username.optional(), password: newPassword.optional(), name: displayName.optional() }),
      examples: [{ summary: "With a new account", value: { username: "ada", password: "correct horse battery staple" } }],
      output: z
        .object({ success: z.literal(true), space_id: opaqueId })
        .meta({ examples: [{ success: true, space_id: exampleId("workspace") }] }),
      reply: { statuses: [200], cookies: "any" },
      errors: ["NOT_FOUND", "CONFLICT", "UNAUTHORIZED"],
    }),
    decline: del("/api/invitations/:token", {
      summary: "Decline an invitation",
      access: anyone,
      audit: "invitation.declined",
      params: token,
      output: success,
      errors: ["NOT_FOUND"],
    }),
  },
);
