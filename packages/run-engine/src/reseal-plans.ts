import type { Db } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Keyring } from "@takosumi/keyring/envelope";
import { isSealed, sealPlan, withSource } from "./seal.ts";

const batch = 100;
/** Plans that may be executed still, or are. $1 the last id. Plan: primary key from there on. */
const sealedAfter = statement(
  "plans_sealed_after",
  `SELECT * FROM runs WHERE id > $1 AND kind = 'plan' AND seal IS NOT NULL AND status IN ('planned', 'approved') ORDER BY id LIMIT ${batch}`,
);
/** $1 plan, $2 its seal before, $3 its seal. */
const swapSeal = statement("plan_swap_seal", `UPDATE runs SET seal = $3 WHERE id = $1 AND seal = $2 RETURNING id`);

export interface Resealed {
  readonly resealed: number;
  /** Plans that are not what was sealed, by their ids: nobody executes them. At most 1,000. */
  readonly broken: readonly string[];
}

/**
 * Seals with the current data keys what was sealed with those before, once every data key was replaced: only what its own seal proves, while
 * Runs go on. No plan is sealed with a replaced key meanwhile.
 */
export async function resealPlans({ db, keyring }: { readonly db: Db; readonly keyring: Keyring }): Promise<Resealed> {
  let resealed = 0;
  const broken: string[] = [];
  const workspaces = new Set<string>();
  for (let after = ""; ; ) {
    const plans = await db.query<RunRow>(sealedAfter, [after]);
    for (const row of plans) {
      if (!workspaces.has(row.workspace_id)) keyring.forgetCurrent(row.workspace_id);
      workspaces.add(row.workspace_id);
      const plan = await withSource(db, row);
      const seal = await sealPlan(keyring, plan);
      if (seal === plan.seal) continue;
      if (!(await isSealed(db, keyring, plan))) {
        if (broken.length < 1_000) broken.push(plan.id);
      } else if (await db.one(swapSeal, [plan.id, plan.seal, seal])) resealed++;
    }
    const last = plans.at(-1);
    if (!last || plans.length < batch) return { resealed, broken };
    after = last.id;
  }
}
