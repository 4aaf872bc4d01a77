import { z } from "zod";
import { can } from "../access.ts";
import { del, family, get, post } from "../define.ts";
import { nextCursor, nothing, opaqueId, paging, timestamp } from "../fields.ts";
import { runnerTokenExample } from "./examples/runner.ts";

/** Everything that is ever said about a runner's token after it was made. */
export const RunnerToken = z
  .object({
    id: opaqueId,
    pool_id: opaqueId,
    name: z.string(),
    /** Null for the token of the environment. */
    created_by: z.object({ id: z.string(), name: z.string() }).nullable(),
    created_at: timestamp,
    revoked_at: timestamp.nullable(),
  })
  .meta({ id: "RunnerToken", examples: [runnerTokenExample] });

export const runnerTokens = family(
  "runnerTokens",
  { context: "deploy", about: "What a runner shows. A token belongs to one pool, and so do the runners that show it." },
  {
    list: get("/api/runner-pools/:pool_id/tokens", {
      summary: "Tokens of a pool, revoked ones included",
      access: can("runner:write", { runner_pool: "pool_id" }),
      query: z.object(paging),
      output: z.object({ runner_tokens: z.array(RunnerToken), ...nextCursor }),
    }),
    create: post("/api/runner-pools/:pool_id/tokens", {
      summary: "Make a token for runners of a pool; it is shown this once",
      access: can("runner:write", { runner_pool: "pool_id" }),
      audit: "runner_token.created",
      body: z.strictObject({ name: z.string().trim().min(1).max(100) }),
      examples: [{ summary: "Named after who shows it", value: { name: "prod machines" } }],
      output: z.object({ runner_token: RunnerToken, token: z.string().meta({ examples: ["tak_run_shown-this-once"] }) }),
      status: 201,
    }),
    remove: del("/api/runner-tokens/:id", {
      summary: "Revoke a token: its runners are refused from this moment, and what they work on counts as lost",
      access: can("runner:write", { runner_token: "id" }),
      audit: "runner_token.revoked",
      output: nothing,
      status: 204,
    }),
  },
);
