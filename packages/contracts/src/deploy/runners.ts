import { z } from "zod";
import { signedIn } from "../access.ts";
import { family, get } from "../define.ts";
import { nextCursor, opaqueId, paging, timestamp } from "../fields.ts";

export const Runner = z
  .object({
    id: opaqueId,
    name: z.string(),
    pool: z.string(),
    version: z.string(),
    status: z.enum(["online", "offline", "draining"]),
    slots: z.object({ total: z.int(), busy: z.int() }),
    tools: z.array(z.object({ name: z.string(), version: z.string() })),
    sandbox: z.object({ kind: z.enum(["bubblewrap", "none"]), not_isolated: z.array(z.string()) }),
    registered_at: timestamp,
    last_seen_at: timestamp,
  })
  .meta({ id: "Runner" });

export const runners = family(
  "runners",
  { context: "deploy", about: "The processes that execute Runs." },
  {
    list: get("/api/runners", {
      summary: "Runners of this instance: pool, tools, isolation, slots, last heartbeat",
      access: signedIn,
      query: z.object({ pool: z.string().max(64).optional(), ...paging }),
      output: z.object({ runners: z.array(Runner), ...nextCursor }),
    }),
  },
);
