import { z } from "zod";
import { can } from "../access.ts";
import { family, get, post } from "../define.ts";
import { nextCursor, opaqueId, paging, timestamp, workspaceId } from "../fields.ts";
import { runnerExample } from "./examples/runner.ts";

export const Runner = z
  .object({
    id: opaqueId,
    name: z.string(),
    /** Name of its pool. */
    pool: z.string(),
    pool_id: opaqueId,
    /** The Workspace that alone it serves; null where it serves all. */
    workspace_id: opaqueId.nullable(),
    version: z.string(),
    status: z.enum(["online", "offline", "draining"]),
    slots: z.object({ total: z.int(), busy: z.int() }),
    tools: z.array(z.object({ name: z.string(), version: z.string() })),
    sandbox: z.object({ kind: z.enum(["bubblewrap", "none"]), not_isolated: z.array(z.string()) }),
    registered_at: timestamp,
    last_seen_at: timestamp,
  })
  .meta({ id: "Runner", examples: [runnerExample] });

export const runners = family(
  "runners",
  { context: "deploy", about: "The processes that execute Runs." },
  {
    list: get("/api/runners", {
      summary: "Runners that serve a Workspace, its own and the instance's: pool, tools, isolation, slots, last heartbeat",
      access: can("workspace:read", { workspace: "workspace_id" }),
      query: z.object({ workspace_id: workspaceId.optional(), pool: z.string().max(64).optional(), ...paging }),
      output: z.object({ runners: z.array(Runner), ...nextCursor }),
    }),
    drain: post("/api/runners/:id/drain", {
      summary: "Give a runner no more Runs; what it works on goes on. With draining false it gets some again",
      access: can("runner:write", { runner: "id" }),
      audit: "runner.drained",
      body: z.strictObject({ draining: z.boolean().default(true) }),
      examples: [{ summary: "Before its machine is switched off", value: { draining: true } }],
      output: z.object({ runner: Runner }),
    }),
  },
);
