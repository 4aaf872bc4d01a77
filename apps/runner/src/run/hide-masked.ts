import { sensitiveValues } from "@takosumi/opentofu/sensitive-values";
import type { Ground } from "./ground.ts";
import type { Job } from "./job.ts";
import { showPlan } from "./seal-plan.ts";

/**
 * Hides the masked values of the plan from the log of its apply: as this process remembers them, or as the tool shows them beside the
 * running apply.
 */
export async function hideMasked(job: Job, ground: Ground): Promise<void> {
  const known = job.site.masked.get(job.lease.plan_run_id ?? "");
  const hidden = known ?? sensitiveValues(await showPlan(job, ground));
  job.redactor.add(hidden.map((value) => ({ name: "sensitive", value })));
}
