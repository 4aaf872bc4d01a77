import { z } from "zod";
import { anyone } from "../access.ts";
import { family, protocol } from "../define.ts";
import { password } from "./passwords.ts";

/** Where to go once signed in: a path of ours; anything else is `/console`. */
const returnTo = z
  .string()
  .max(2_000)
  .optional()
  .meta({ description: "A path of this instance", examples: ["/console"] });
const html = ["text/html"] as const;

export const authServer = family(
  "authServer",
  { context: "identity", about: "The pages and redirects that a browser signs in by." },
  {
    login: protocol.get("/auth/login", {
      summary: "Go where one signs in: 302",
      access: anyone,
      audit: "none: a redirect",
      query: z.object({ return_to: returnTo }),
      produces: html,
    }),
    loginPage: protocol.get("/console/login", {
      summary: "The page to sign in at",
      access: anyone,
      audit: "none: a page",
      query: z.object({ return_to: returnTo, failed: z.enum(["credentials", "code", "busy"]).optional() }),
      produces: html,
    }),
    welcomePage: protocol.get("/console/welcome", {
      summary: "Where a one-time link leads: the code is in its fragment",
      access: anyone,
      audit: "none: a page",
      query: z.object({ return_to: returnTo }),
      produces: html,
    }),
    submitPassword: protocol.post("/auth/password", {
      summary: "The form of the login page",
      access: anyone,
      audit: "session.created",
      body: z.strictObject({ username: z.string().max(100), password: password.or(z.literal("")), return_to: returnTo }),
      examples: [
        { summary: "What the page sends", value: { username: "ada", password: "correct horse battery staple", return_to: "/console" } },
      ],
      produces: html,
    }),
    submitCode: protocol.post("/auth/code", {
      summary: "The form of the welcome page",
      access: anyone,
      audit: "session.created",
      body: z.strictObject({ code: z.string().max(200), return_to: returnTo }),
      examples: [{ summary: "What the page sends", value: { code: "a-code-that-was-shown-once" } }],
      produces: html,
    }),
    submitLogout: protocol.post("/auth/logout", {
      summary: "The form that signs out",
      access: anyone,
      audit: "session.ended",
      body: z.strictObject({ return_to: returnTo }),
      examples: [{ summary: "What the page sends", value: {} }],
      produces: html,
    }),
  },
);
