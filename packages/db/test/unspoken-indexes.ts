/**
 * Indexes that the Prisma schema cannot hold (partial ones without a preview feature, and ones over an expression), and what each is for.
 * The migrations are the only place where they are defined; the agreement test checks that this list is all of them.
 */
export const unspokenIndexes: Readonly<Record<string, string>> = {
  audit_events_actor_idx: "Filter by actor; events without one stay out of it.",
  audit_events_capsule_idx: "Filter by Capsule; events without one stay out of it.",
  audit_events_run_idx: "Filter by Run; events without one stay out of it.",
  capsules_name_key: "A name is taken in a Project until its Capsule is deleted.",
  capsules_page_idx: "Pages of a Workspace, without tombstones.",
  capsules_project_page_idx: "Pages of a Project, without tombstones.",
  data_keys_current_key: "One key seals for a Workspace at a time; retired ones still open.",
  projects_page_idx: "Pages of a Workspace, without tombstones.",
  projects_slug_key: "A slug is taken in a Workspace until its Project is deleted.",
  run_events_log_idx: "Finds a byte of a log; events without text stay out of it.",
  run_events_resource_idx: "The ledger of a Run: its resource events.",
  runner_pools_name_key: "Over an expression: a name is taken in a Workspace, or among the pools of the instance.",
  runs_deadline_idx: "Running Runs that are out of time.",
  runs_expiry_idx: "Plans that wait for somebody, by when they expire.",
  runs_lease_idx: "Running Runs whose lease is over.",
  runs_log_due_idx: "Ended Runs whose long log is still in rows.",
  runs_open_apply_key: "One open apply of a plan.",
  runs_open_idx: "What of a Capsule is not finished.",
  runs_plan_digest_idx: "Who names a plan blob; Runs without a plan stay out of it.",
  runs_queue_idx: "The queue: only what is queued.",
  runs_running_idx: "What of a Workspace runs now.",
  runs_served_idx: "What a pool served lately.",
  runs_used_plan_key: "A plan that began to be applied is used up.",
  runs_work_digest_idx: "Who names a work snapshot; Runs without one stay out of it.",
  runs_writer_key: "One writing Run of a Capsule.",
  source_snapshots_digest_key: "Over an expression: the same bytes without a commit are the same snapshot.",
  state_versions_previous_key: "Over an expression: a version follows exactly one other, and only one follows none.",
  workspaces_personal_key: "One personal Workspace of a user.",
};
