import { z } from "zod";
import { can } from "../access.ts";
import { family, get } from "../define.ts";
import { nextCursor, opaqueId, paging, timestamp } from "../fields.ts";

export const StateVersion = z
  .object({
    id: opaqueId,
    capsule_id: opaqueId,
    serial: z.int(),
    lineage: z.string(),
    digest: z.string(),
    size_bytes: z.int(),
    resource_count: z.int().nullable(),
    run_id: opaqueId.nullable(),
    created_at: timestamp,
  })
  .meta({ id: "StateVersion" });

export const state = family(
  "state",
  { context: "deploy", about: "The states that applies recorded, append-only." },
  {
    list: get("/api/state/:capsule_id/versions", {
      summary: "State versions of a Capsule, newest first",
      access: can("run:read", { capsule: "capsule_id" }),
      query: z.object(paging),
      output: z.object({ state_versions: z.array(StateVersion), ...nextCursor }),
    }),
  },
);
