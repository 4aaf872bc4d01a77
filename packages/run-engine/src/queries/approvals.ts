import { statement } from "@takosumi/db/sql";

/** One person's approval of Runs, each once. $1 Runs, $2 user, $3 name, $4 plan digest, $5 message. A row for each that is new. Plan: approvals_pkey. */
export const giveApproval = statement(
  "approval_give",
  `INSERT INTO approvals (run_id, user_id, user_name, plan_digest, message)
   SELECT run_id, $2, $3, $4, $5 FROM unnest($1::text[]) AS run_id
   ON CONFLICT (run_id, user_id) DO NOTHING RETURNING run_id`,
);
/** The approvals of a plan count for the Run that executes it. $1 plan, $2 the Run. */
export const carryApprovals = statement(
  "approvals_carry",
  `INSERT INTO approvals (run_id, user_id, user_name, plan_digest, message, at)
   SELECT $2, user_id, user_name, plan_digest, message, at FROM approvals WHERE run_id = $1`,
);
export const countApprovals = statement("approvals_count", `SELECT count(*)::int AS given FROM approvals WHERE run_id = $1`);
/** Who approved a Run, and what each of them is in the Workspace now. $1 Run, $2 Workspace. Plan: approvals_pkey, each member by key. */
export const approversOf = statement(
  "approvals_with_roles",
  `SELECT a.user_id, a.user_name, a.plan_digest, m.role
   FROM approvals a LEFT JOIN members m ON m.workspace_id = $2 AND m.user_id = a.user_id WHERE a.run_id = $1 ORDER BY a.at`,
);
