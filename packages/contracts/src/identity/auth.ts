import { z } from "zod";
import { anyone, signedIn } from "../access.ts";
import { family, get, patch, post } from "../define.ts";
import { exampleId } from "../example.ts";
import { opaqueId, saysAny } from "../fields.ts";
import { accountExample } from "./examples/account.ts";
import { displayName, username } from "./names.ts";
import { newPassword, password } from "./passwords.ts";

const Account = z
  .object({
    email: z.string().nullable(),
    username: z.string(),
    display_name: z.string(),
    avatar_url: z.string().nullable(),
    auth_identities: z.array(z.object({ provider: z.string(), email: z.string().nullable() })),
  })
  .meta({ id: "Account", examples: [accountExample] });
const success = z.object({ success: z.literal(true) });
/** Of a browser that just signed in; the session is in the cookie alone. */
const SignedIn = z
  .object({ session_id: opaqueId, username: z.string(), setup_completed: z.boolean() })
  .meta({ examples: [{ session_id: exampleId("session"), username: "ada", setup_completed: true }] });
const avatar = z
  .union([z.literal(""), z.url({ protocol: /^https$/, error: "is not a URL that begins with https://" }).max(2_000)])
  .meta({ examples: ["https://example.com/ada.png"] });

export const auth = family(
  "auth",
  { context: "identity", about: "Signing in and out, and who one is." },
  {
    me: get("/api/auth/me", {
      summary: "The account that is signed in, with what it signs in by",
      access: signedIn("account:read"),
      output: z.object({ user: Account }),
    }),
    setupUsername: post("/api/auth/setup-username", {
      summary: "Take a username without ending the setup",
      access: signedIn("account:write"),
      audit: "user.renamed",
      body: z.strictObject({ username }),
      examples: [{ summary: "The name to be known by", value: { username: "ada" } }],
      output: z.object({ success: z.literal(true), username: z.string() }).meta({ examples: [{ success: true, username: "ada" }] }),
      errors: ["CONFLICT"],
    }),
    updateProfile: patch("/api/auth/profile", {
      summary: "Change the name that is shown, and the picture; an empty avatar_url takes it away",
      access: signedIn("account:write"),
      audit: "user.profile_changed",
      body: z
        .strictObject({ display_name: displayName.optional(), avatar_url: avatar.optional() })
        .refine(saysAny("display_name", "avatar_url"), "says nothing to change"),
      examples: [{ summary: "A name", value: { display_name: "Ada Lovelace" } }],
      output: success,
    }),
    logout: post("/api/auth/logout", {
      summary: "End the session that asks; without one nothing happens",
      access: anyone,
      audit: "session.ended",
      body: z.strictObject({}),
      examples: [{ summary: "Good-bye", value: {} }],
      output: success,
      reply: { statuses: [200], cookies: "any" },
    }),
    methods: get("/api/auth/methods", {
      summary: "How one may sign in here",
      access: anyone,
      output: z
        .object({
          password: z.boolean(),
          code: z.boolean(),
          /** The identity provider, where one is configured. */
          oidc: z.object({ issuer: z.string(), login_url: z.string() }).nullable(),
        })
        .meta({ examples: [{ password: true, code: true, oidc: null }] }),
    }),
    code: post("/api/auth/code", {
      summary: "Sign in with a one-time code",
      access: anyone,
      audit: "session.created",
      body: z.strictObject({ code: z.string().min(1).max(200) }),
      examples: [{ summary: "The code of a link", value: { code: "a-code-that-was-shown-once" } }],
      output: SignedIn,
      reply: { statuses: [200], cookies: "any" },
      errors: ["UNAUTHORIZED"],
    }),
    reset: post("/api/auth/reset", {
      summary: "Ask for a new password: a code goes by mail to the address of the account, if it has one",
      about:
        "The answer is the same whether or not anybody is called so. With `code` and `new_password` it sets the password, and ends every session.",
      access: anyone,
      audit: "user.password_changed",
      body: z
        .strictObject({
          username: z.string().min(1).max(100).optional(),
          code: z.string().min(1).max(200).optional(),
          new_password: newPassword.optional(),
        })
        .refine(
          ({ username: name, code, new_password }) =>
            (name === undefined) !== (code === undefined) && (code === undefined) === (new_password === undefined),
          {
            error: "give either username, or code and new_password",
            path: ["username"],
          },
        ),
      examples: [{ summary: "The first step", value: { username: "ada" } }],
      output: success,
      errors: ["UNAUTHORIZED"],
    }),
    password: post("/api/auth/password", {
      summary: "Sign in with username and password",
      access: anyone,
      audit: "session.created",
      body: z.strictObject({ username: z.string().min(1).max(100), password }),
      examples: [{ summary: "Username and password", value: { username: "ada", password: "correct horse battery staple" } }],
      output: SignedIn,
      reply: { statuses: [200], cookies: "any" },
      errors: ["UNAUTHORIZED"],
    }),
  },
);
