import { sensitiveValues } from "@takosumi/opentofu/sensitive-values";
import type { Ground } from "./ground.ts";
import type { Job } from "./job.ts";
import { showPlan } from "./seal-plan.ts";

/**
 * Hides the masked values of the plan from the log of its apply: as this process remembers them, or as the tool shows them beside the
 * running apply. Where neither works the log is withheld: the apply goes on, and nothing of what it says leaves.
 */
export async function hideMasked(job: Job, ground: Ground): Promise<void> {
  const known = job.site.masked.get(job.lease.plan_run_id ?? "");
  try {
    const hidden = known ?? sensitiveValues(await showPlan(job, ground, null, undefined));
    job.redactor.add(hidden.map((value) => ({ name: "sensitive", value })));
  } catch (error) {
    job.log.warn({ problem: error instanceof Error ? error.message : String(error) }, "the log of this apply is withheld");
    job.withhold();
  }
}
