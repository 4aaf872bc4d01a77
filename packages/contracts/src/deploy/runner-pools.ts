import { z } from "zod";
import { can } from "../access.ts";
import { family, get, post } from "../define.ts";
import { nextCursor, opaqueId, paging, timestamp, workspaceId } from "../fields.ts";
import { runnerPoolExample } from "./examples/runner.ts";
import { PoolName } from "./policy.ts";

/** Runners that stand for each other. */
export const RunnerPool = z
  .object({
    id: opaqueId,
    /** The Workspace that alone it serves; null where it serves all, as `default` does. */
    workspace_id: opaqueId.nullable(),
    name: z.string(),
    runners: z.object({ online: z.int(), total: z.int() }),
    created_at: timestamp,
  })
  .meta({ id: "RunnerPool", examples: [runnerPoolExample] });

const name = PoolName.refine((given) => given !== "default", { error: "is the name of the instance's own pool" });

export const runnerPools = family(
  "runnerPools",
  { context: "deploy", about: "Groups of runners. A Capsule's policy names the one that executes its Runs." },
  {
    list: get("/api/runner-pools", {
      summary: "Pools that serve a Workspace: its own and the instance's",
      access: can("workspace:read", { workspace: "workspace_id" }),
      query: z.object({ workspace_id: workspaceId.optional(), ...paging }),
      output: z.object({ runner_pools: z.array(RunnerPool), ...nextCursor }),
    }),
    create: post("/api/runner-pools", {
      summary: "Make a pool whose runners serve this Workspace alone",
      access: can("runner:write", { workspace: "workspace_id" }),
      audit: "runner_pool.created",
      body: z.strictObject({ workspace_id: workspaceId.optional(), name }),
      examples: [{ summary: "For the machines in production", value: { name: "prod" } }],
      output: z.object({ runner_pool: RunnerPool }),
      status: 201,
      errors: ["CONFLICT"],
    }),
  },
);
