import { z } from "zod";
import { can } from "../access.ts";
import { del, family, get, put } from "../define.ts";
import { mayInject } from "../deploy/env-names.ts";
import { timestamp } from "../fields.ts";

const reserved = new Set(["TAKOS_API_URL", "TAKOS_ACCESS_TOKEN"]);
/** The name of a variable; upper case from here on. */
const envName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "is not an environment variable: letters, digits and _, at most 128, no digit first")
  .toUpperCase()
  .refine((name) => mayInject(name) && !reserved.has(name), "may not be set: it changes how the tool itself is run, or is ours");
const CommonVariable = z.object({ name: z.string(), secret: z.boolean(), value: z.string(), updatedAt: timestamp }).meta({
  id: "CommonVariable",
  examples: [{ name: "REGION", secret: false, value: "eu-central-1", updatedAt: "2026-11-27T08:00:00.000Z" }],
});
const success = z.object({ success: z.literal(true) });

export const commonEnv = family(
  "commonEnv",
  { context: "tenancy", about: "Environment variables of every Run of a space. A variable of the Capsule or of the Run itself wins." },
  {
    list: get("/api/spaces/:spaceId/common-env", {
      summary: "Variables of a space by name, at most 200; a secret one shows no value",
      access: can("workspace:read", { workspace: "spaceId" }),
      output: z.object({ env: z.array(CommonVariable) }),
    }),
    put: put("/api/spaces/:spaceId/common-env", {
      summary: "Set a variable: plans that wait become stale where it changes something",
      access: can("env:write", { workspace: "spaceId" }),
      audit: "common_env.set",
      body: z.strictObject({ name: envName, value: z.string().max(65_536), secret: z.boolean().default(false) }),
      examples: [{ summary: "A region", value: { name: "REGION", value: "eu-central-1" } }],
      output: success,
      errors: ["CONFLICT"],
    }),
    remove: del("/api/spaces/:spaceId/common-env/:name", {
      summary: "Take a variable away",
      access: can("env:write", { workspace: "spaceId" }),
      audit: "common_env.removed",
      params: z.object({ name: z.string().min(1).max(128) }),
      output: success,
      errors: ["NOT_FOUND"],
    }),
  },
);
