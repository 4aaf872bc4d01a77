import { statement } from "@takosumi/db/sql";

/** What a list shows of Runs $1 as they are now. Plan: primary key lookups, at most as many as ids are given. */
export const listedRuns = statement(
  "run_listed",
  `SELECT id, workspace_id, project_id, capsule_id, kind, status, phase, updated_at FROM runs WHERE id = ANY($1::text[])`,
);
