import { z } from "zod";
import { session, signedIn } from "../access.ts";
import { family, get, patch, post, put } from "../define.ts";
import { opaqueId, saysAny, timestamp } from "../fields.ts";
import { accountSettingsExample, meExample, personalSpaceExample } from "./examples/account.ts";
import { username } from "./names.ts";
import { newPassword, password } from "./passwords.ts";

const Me = z
  .object({
    email: z.string().nullable(),
    name: z.string(),
    username: z.string(),
    picture: z.string().nullable(),
    setup_completed: z.boolean(),
  })
  .meta({ id: "Me", examples: [meExample] });
const PersonalSpace = z
  .object({
    id: opaqueId,
    slug: z.string(),
    name: z.string(),
    owner_principal_id: opaqueId,
    kind: z.literal("user"),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ examples: [personalSpaceExample] });
const visibilities = ["public", "followers", "private"] as const;
const AccountSettings = z
  .object({
    setup_completed: z.boolean(),
    auto_update_enabled: z.boolean(),
    private_account: z.boolean(),
    activity_visibility: z.enum(visibilities),
    ai_model: z.string(),
    available_models: z.array(z.string()),
  })
  .meta({ id: "AccountSettings", examples: [accountSettingsExample] });
const ChangedSettings = z
  .strictObject({
    setup_completed: z.boolean().optional(),
    auto_update_enabled: z.boolean().optional(),
    private_account: z.boolean().optional(),
    activity_visibility: z.string().max(40).trim().toLowerCase().pipe(z.enum(visibilities)).optional(),
  })
  .refine(saysAny("setup_completed", "auto_update_enabled", "private_account", "activity_visibility"), "says nothing to change");

export const me = family(
  "me",
  { context: "identity", about: "One's own account." },
  {
    read: get("/api/me", { summary: "Who is signed in", access: signedIn("account:read"), output: Me }),
    personalSpace: get("/api/me/personal-space", {
      summary: "The space that every account has of its own",
      access: signedIn("account:read"),
      output: z.object({ space: PersonalSpace }),
    }),
    settings: get("/api/me/settings", {
      summary: "Settings of the account",
      access: signedIn("account:read"),
      output: AccountSettings,
    }),
    updateSettings: patch("/api/me/settings", {
      summary: "Change settings of the account",
      access: signedIn("account:write"),
      audit: "user.settings_changed",
      body: ChangedSettings,
      examples: [{ summary: "Seen by nobody", value: { activity_visibility: "private" } }],
      output: AccountSettings,
    }),
    rename: patch("/api/me/username", {
      summary: "Take another username; the old one is held for 90 days and leads to the new one",
      access: signedIn("account:write"),
      audit: "user.renamed",
      body: z.strictObject({ username }),
      examples: [{ summary: "Another name", value: { username: "@ada-l" } }],
      output: z.object({ success: z.literal(true), username: z.string() }).meta({ examples: [{ success: true, username: "ada-l" }] }),
      errors: ["CONFLICT"],
    }),
    setPassword: put("/api/me/password", {
      summary: "Set or change the password: every other session of the account ends",
      access: session,
      audit: "user.password_changed",
      body: z.strictObject({ current_password: password.optional(), new_password: newPassword }),
      examples: [{ summary: "The first one", value: { new_password: "correct horse battery staple" } }],
      output: z.object({ success: z.literal(true) }),
      reply: { statuses: [200], cookies: "any" },
      errors: ["FORBIDDEN", "RATE_LIMITED"],
    }),
    signInCode: post("/api/me/sign-in-codes", {
      summary: "Make a code that signs in once, within ten minutes, as the caller",
      about:
        "Needs a token of all scopes: a session may do all that the account may. The link is opened in a browser; the code stands in its fragment.",
      access: signedIn("account:credentials"),
      audit: "sign_in_code.created",
      body: z.strictObject({}),
      examples: [{ summary: "For a browser", value: {} }],
      output: z.object({ code: z.string(), url: z.string(), expires_at: timestamp }).meta({
        examples: [{ code: "shown-once", url: "http://127.0.0.1:8787/console/welcome#shown-once", expires_at: "2026-11-27T08:10:00.000Z" }],
      }),
      status: 201,
    }),
  },
);
