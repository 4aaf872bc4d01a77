import type { EffectivePolicy } from "@takosumi/contracts/deploy/policy";
import type { Queries } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";
import { conflict } from "./conflicts.ts";

/** The instance's own pool, which serves every Workspace. */
const defaultPool = "default";
/** $1 Workspace, $2 name. Plan: runner_pools_name_key. */
const poolNamed = statement("pool_named", `SELECT id FROM runner_pools WHERE coalesce(workspace_id, '') = $1 AND name = $2`);

/** The id of the pool that the policy names. 409 where there is none of that name, or Project and Capsule name two. */
export async function poolOf(db: Queries, workspace: string, { runner_pools }: Pick<EffectivePolicy, "runner_pools">): Promise<string> {
  const [name = defaultPool, other] = runner_pools;
  if (other !== undefined)
    throw conflict(`The policy names the runner pools ${name} and ${other}, one in the Project and one in the Capsule: make them one`, {
      reason: "runner_pool",
    });
  if (name === defaultPool) return defaultPool;
  const pool = await db.one<{ id: string }>(poolNamed, [workspace, name]);
  if (!pool) throw conflict(`The policy names the runner pool ${name}, which this Workspace does not have`, { reason: "runner_pool" });
  return pool.id;
}
