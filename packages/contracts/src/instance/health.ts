import { z } from "zod";
import { anyone } from "../access.ts";
import { family, get } from "../define.ts";
import { flag } from "../fields.ts";

const Check = z
  .object({ name: z.string(), ok: z.boolean(), message: z.string().nullable() })
  .meta({ examples: [{ name: "database", ok: true, message: null }] });

export const health = family(
  "health",
  { context: "instance", about: "Whether this process serves." },
  {
    live: get("/healthz", {
      summary: "Whether the process answers",
      access: anyone,
      output: z.object({ status: z.literal("ok") }),
    }),
    ready: get("/readyz", {
      summary: "Whether database, migrations, blobs and key are in order; with runners=1 also whether a runner is online",
      access: anyone,
      query: z.object({ runners: z.union([flag, z.literal("1").transform(() => true)]).optional() }),
      output: z.object({ status: z.literal("ready"), checks: z.array(Check) }),
      errors: ["UNAVAILABLE"],
    }),
    version: get("/version", {
      summary: "Version of this instance",
      access: anyone,
      output: z.object({ name: z.literal("takosumi"), version: z.string() }).meta({ examples: [{ name: "takosumi", version: "0.1.0" }] }),
    }),
  },
);
