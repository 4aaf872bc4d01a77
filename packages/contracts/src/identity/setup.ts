import { z } from "zod";
import { signedIn } from "../access.ts";
import { family, get, post } from "../define.ts";
import { username } from "./names.ts";

const Renamed = z.object({ success: z.literal(true), username: z.string() }).meta({ examples: [{ success: true, username: "ada" }] });

export const setup = family(
  "setup",
  { context: "identity", about: "The first steps of an account: a username of one's own." },
  {
    status: get("/api/setup/status", {
      summary: "Whether the account is set up",
      access: signedIn("account:read"),
      output: z
        .object({ setup_completed: z.boolean(), username: z.string(), email: z.string().nullable(), name: z.string() })
        .meta({ examples: [{ setup_completed: false, username: "ada", email: "ada@example.com", name: "Ada" }] }),
    }),
    complete: post("/api/setup/complete", {
      summary: "Choose the username and end the setup, once",
      access: signedIn("account:write"),
      audit: "user.setup_completed",
      body: z.strictObject({ username }),
      examples: [{ summary: "The name to be known by", value: { username: "ada" } }],
      output: Renamed,
      errors: ["CONFLICT"],
    }),
    checkUsername: post("/api/setup/check-username", {
      summary: "Whether a username is free; one's own counts as taken",
      access: signedIn("account:read"),
      audit: "none: a question",
      body: z.strictObject({ username: z.string().max(200) }),
      examples: [{ summary: "Before choosing it", value: { username: "ada" } }],
      output: z
        .object({ available: z.boolean(), error: z.string().optional() })
        .meta({ examples: [{ available: false, error: "ada is taken" }] }),
    }),
  },
);
