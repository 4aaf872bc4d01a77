import { z } from "zod";
import { anyone, session } from "../access.ts";
import { family, protocol } from "../define.ts";
import { password } from "./passwords.ts";

/** Where to go once signed in: a path of ours; anything else is `/console`. */
const returnTo = z
  .string()
  .max(6_000)
  .optional()
  .meta({ description: "A path of this instance", examples: ["/console"] });
const html = ["text/html"] as const;
/** Why signing in did not work, as the login page says it. */
export const failures = ["credentials", "code", "busy", "provider", "not_invited"] as const;
/** Whatever providers add to an answer is taken, and not looked at. */
const providerAnswer = z.object(
  Object.fromEntries(
    "code state iss scope session_state authuser prompt hd error error_description error_uri"
      .split(" ")
      .map((name) => [name, z.string().max(4_000).optional()]),
  ) as Record<
    "code" | "state" | "iss" | "scope" | "session_state" | "authuser" | "prompt" | "hd" | "error" | "error_description" | "error_uri",
    z.ZodOptional<z.ZodString>
  >,
);
/** A port of this machine that a program listens on. */
const loopbackUrl = z
  .string()
  .max(2_000)
  .refine((text) => {
    if (!URL.canParse(text) || text.includes("..")) return false;
    const { protocol: scheme, hostname, port, username, password: secret, hash } = new URL(text);
    const near = hostname === "127.0.0.1" || hostname === "localhost";
    return scheme === "http:" && near && Number(port) >= 32_768 && username === "" && secret === "" && hash === "";
  }, "is not http://127.0.0.1 or http://localhost with a port from 32768 to 65535");
const cliRequest = z.object({
  callback: loopbackUrl,
  state: z
    .string()
    .regex(/^[A-Za-z0-9_-]{16,128}$/, "has 16 to 128 letters, digits, _ and -")
    .optional(),
});

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
    callback: protocol.get("/auth/callback", {
      summary: "Where the identity provider sends a browser back to",
      access: anyone,
      audit: "session.created",
      query: providerAnswer,
      produces: html,
    }),
    link: protocol.get("/auth/link/google", {
      summary: "Go to the identity provider to sign in by it from now on: 302",
      access: session,
      audit: "none: a redirect",
      produces: html,
    }),
    linkCallback: protocol.get("/auth/link/google/callback", {
      summary: "Where the identity provider sends a browser back to that links",
      access: anyone,
      audit: "user.identity_linked",
      query: providerAnswer,
      produces: html,
    }),
    cli: protocol.get("/auth/cli", {
      summary: "Ask whether a program on this machine may act for the account",
      access: anyone,
      audit: "none: a page",
      query: cliRequest,
      produces: html,
    }),
    cliCallback: protocol.post("/auth/cli/callback", {
      summary: "The answer: a token of seven days is posted to the program, which is revoked like any session",
      access: session,
      audit: "session.created",
      body: cliRequest.extend({ action: z.enum(["allow", "deny"]) }).strict(),
      examples: [{ summary: "What the page sends", value: { callback: "http://127.0.0.1:40123/callback", action: "allow" } }],
      produces: html,
    }),
    externalSession: protocol.get("/auth/external/session", {
      summary: "A token of thirty days that shows another service of ours who is signed in: it reads the account alone",
      access: anyone,
      audit: "session.created",
      produces: ["application/json"],
    }),
    loginPage: protocol.get("/console/login", {
      summary: "The page to sign in at",
      access: anyone,
      audit: "none: a page",
      query: z.object({ return_to: returnTo, failed: z.enum(failures).optional() }),
      produces: html,
    }),
    welcomePage: protocol.get("/console/welcome", {
      summary: "Where a one-time link leads: the code is in its fragment",
      access: anyone,
      audit: "none: a page",
      query: z.object({ return_to: returnTo }),
      produces: html,
    }),
    setupPage: protocol.get("/console/setup", {
      summary: "Where somebody who just came chooses a username",
      access: anyone,
      audit: "none: a page",
      query: z.object({ return_to: returnTo }),
      produces: html,
    }),
    submitSetup: protocol.post("/console/setup", {
      summary: "The form of that page: chooses the username and ends the setup, once",
      access: session,
      audit: "user.setup_completed",
      body: z.strictObject({ username: z.string().max(100), return_to: returnTo }),
      examples: [{ summary: "What the page sends", value: { username: "ada", return_to: "/console" } }],
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
