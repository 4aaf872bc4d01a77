import type { Job } from "./job.ts";

/** What the variables file holds; null where there is none. */
export const variablesOf = (job: Job): Record<string, unknown> | null =>
  Object.keys(job.lease.variables.tofu).length > 0 ? job.lease.variables.tofu : null;
