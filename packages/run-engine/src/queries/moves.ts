import { shortLogBytes } from "../settings.ts";
import { transition } from "./transition.ts";

const leased = "r.id = $1 AND r.lease_epoch = $2 AND r.lease_runner_id = $3";
const lastPhase =
  "phases = run_phases(r.phases, jsonb_build_array(jsonb_build_object('state', 'finished', 'at', iso_time(now())))), phase = NULL";
/** Nothing follows in the log; a long one moves into blobs. */
const logEnded = `log_complete = true, log_due = r.log_bytes > ${shortLogBytes}`;
const ended = `${lastPhase}, finished_at = now(), ${logEnded}, lease_expires_at = NULL`;
const queuedAgain =
  "phase = NULL, phases = '[]', lease_epoch = r.lease_epoch + 1, lease_runner_id = NULL, lease_expires_at = NULL, queued_at = now()";
const write = ["apply", "destroy"] as const;

/** Ends of a leased Run: $1 run, $2 epoch, $3 runner, then as each says. */
export const moves = {
  /** $4 columns of the plan as JSON, $5 whether it has changes. */
  planned: transition({
    name: "planned",
    to: "planned",
    kinds: ["plan"],
    set: `${lastPhase}, ${logEnded}, finished_at = now(), lease_expires_at = NULL, expires_at = now() + $5 * interval '1 second',
      (plan_digest, plan_size_bytes, work_digest, work_tree_digest, work_size_bytes, provider_lock_digest, plan_result, has_changes, destroys,
       seal, tool_name, tool_version, tool_digest) = (SELECT plan_digest, plan_size_bytes, work_digest, work_tree_digest, work_size_bytes,
         provider_lock_digest, plan_result, has_changes, destroys, seal, tool_name, tool_version, tool_digest
       FROM jsonb_populate_record(NULL::runs, $4::jsonb))`,
    where: leased,
  }),
  /** A plan without changes. $4 as above. */
  unchanged: transition({
    name: "unchanged",
    to: "succeeded",
    kinds: ["plan"],
    set: `${ended}, (plan_digest, plan_size_bytes, work_digest, work_tree_digest, work_size_bytes, provider_lock_digest, plan_result,
       has_changes, destroys, seal, tool_name, tool_version, tool_digest) = (SELECT plan_digest, plan_size_bytes, work_digest, work_tree_digest,
         work_size_bytes, provider_lock_digest, plan_result, has_changes, destroys, seal, tool_name, tool_version, tool_digest
       FROM jsonb_populate_record(NULL::runs, $4::jsonb))`,
    where: leased,
  }),
  /** $4 bindings, $5 error, $6 lock digest, $7 tool as JSON. */
  blocked: transition({
    name: "blocked",
    to: "blocked",
    kinds: ["plan"],
    set: `${ended}, provider_bindings = $4::jsonb, error = $5::jsonb, provider_lock_digest = $6,
      tool_name = coalesce($7::jsonb ->> 'name', r.tool_name), tool_version = coalesce($7::jsonb ->> 'version', r.tool_version)`,
    where: leased,
  }),
  /** $4 result of the apply, $5 state version. */
  applied: transition({
    name: "applied",
    to: "succeeded",
    kinds: write,
    set: `${ended}, apply_result = $4::jsonb, state_version_id = $5, recovery = NULL`,
    where: leased,
  }),
  /** $4 error, $5 result of the apply, $6 state version, $7 tool as JSON. */
  failed: transition({
    name: "failed",
    to: "failed",
    set: `${ended}, error = $4::jsonb, apply_result = $5::jsonb, state_version_id = $6, recovery = NULL,
      tool_name = coalesce($7::jsonb ->> 'name', r.tool_name), tool_version = coalesce($7::jsonb ->> 'version', r.tool_version)`,
    where: leased,
  }),
  /** The same of a Run that was asked to stop. */
  interrupted: transition({
    name: "interrupted",
    to: "cancelled",
    set: `${ended}, error = $4::jsonb, apply_result = $5::jsonb, state_version_id = $6, recovery = NULL,
      tool_name = coalesce($7::jsonb ->> 'name', r.tool_name), tool_version = coalesce($7::jsonb ->> 'version', r.tool_version)`,
    where: leased,
  }),
  /** An apply whose approval does not stand any more when it would begin. It never started: its plan may be approved again. $4 error. */
  refused: transition({
    name: "refused",
    to: "cancelled",
    kinds: write,
    set: `${ended}, error = $4::jsonb, started_at = NULL`,
    where: leased,
  }),
  /** An apply that found something other than what was approved, before the tool ran. $4 error. */
  outdated: transition({ name: "outdated", to: "stale", kinds: write, set: `${ended}, error = $4::jsonb`, where: leased }),
  /** An apply whose state is not known. $4 error, $5 recovery. */
  lost: transition({
    name: "lost",
    to: "needs_recovery",
    kinds: write,
    // Its runner said so itself: the lease is over, and a renewal that was still on its way does not bring it back.
    set: "error = $4::jsonb, recovery = $5::jsonb, lease_expires_at = NULL",
    where: leased,
  }),
};

/** Moves by people and by time: $1 run, then as each says. */
export const decisions = {
  /** A plan that is executed by the Run $2. $3 the last approver's id, $4 how many approvals it took. */
  approvePlan: transition({
    name: "approve_plan",
    to: "approved",
    kinds: ["plan"],
    set: "apply_run_id = $2, approved_by = $3, approved_at = now(), approvals_required = $4",
    where: "r.id = $1",
  }),
  /** A waiting apply goes to its queue. $2 the last approver's id, $3 its turn. */
  approveWrite: transition({
    name: "approve_write",
    to: "queued",
    kinds: write,
    set: "approved_by = $2, approved_at = now(), queued_at = now(), queue_rank = $3, expires_at = NULL",
    where: "r.id = $1",
  }),
  /** $2 error or null. */
  discard: transition({
    name: "discard",
    to: "discarded",
    set: `finished_at = coalesce(r.finished_at, now()), error = $2::jsonb`,
    where: "r.id = $1",
  }),
  /** Of a Run that no runner holds. $2 reason. */
  cancelWaiting: transition({
    name: "cancel_waiting",
    to: "cancelled",
    set: `finished_at = now(), ${logEnded}, cancel_requested_at = now(), cancel_reason = $2`,
    where: "r.id = $1 AND r.status <> 'running' AND r.status <> 'needs_recovery'",
  }),
  /** Every waiting Run of a Capsule that stands on what was before. $1 Capsule, $2 error, $3 a Run to leave alone, $4 bindings that it has. */
  staleOfCapsule: transition({
    name: "stale_of_capsule",
    to: "stale",
    set: "finished_at = coalesce(r.finished_at, now()), log_complete = true, error = $2::jsonb",
    where:
      "r.capsule_id = $1 AND r.status IN ('planned', 'awaiting_approval', 'queued') AND (r.kind <> 'plan' OR r.status = 'planned') AND r.id <> $3 AND r.provider_bindings @> $4::jsonb",
  }),
  /** Plans whose time is over, at most $1 of them. */
  expire: transition({
    name: "expire",
    to: "expired",
    set: "finished_at = coalesce(r.finished_at, now())",
    where:
      "r.id IN (SELECT e.id FROM runs e WHERE e.status IN ('planned', 'awaiting_approval') AND e.expires_at < now() ORDER BY e.expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)",
  }),
  /** A plan whose runner is gone goes back to the queue. $2 the epoch that was lost. */
  requeue: transition({
    name: "requeue",
    to: "queued",
    kinds: ["plan"],
    set: `${queuedAgain}, provider_bindings = '[]'`,
    where: "r.id = $1 AND r.lease_epoch = $2",
  }),
  /**
   * An apply whose runner is gone and was never heard of: no event, no renewal, and it never got the plan. What was not handed out was not
   * executed. $2 the epoch that was lost, $3 how often a Run is handed out.
   */
  handBack: transition({
    name: "hand_back",
    to: "queued",
    kinds: write,
    set: queuedAgain,
    where: `r.id = $1 AND r.lease_epoch = $2 AND r.status = 'running' AND r.lease_expires_at < now() AND r.attempts < $3
      AND r.runner_sequence = 0 AND r.heartbeat_at = r.deadline_at - r.timeout_seconds * interval '1 second'`,
  }),
  /** An apply whose runner stops and gives it back before it began. $2 epoch, $3 runner, $4 how often a Run is handed out. */
  giveBack: transition({
    name: "give_back",
    to: "queued",
    kinds: write,
    set: queuedAgain,
    where: `${leased} AND r.status = 'running' AND r.attempts < $4 AND r.cancel_requested_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.run_id = r.id)`,
  }),
  /** A plan whose runner is gone and that is not tried again. $2 epoch, $3 error. */
  giveUpPlan: transition({
    name: "give_up_plan",
    to: "failed",
    kinds: ["plan"],
    set: `${ended}, error = $3::jsonb, lease_epoch = r.lease_epoch + 1`,
    where: "r.id = $1 AND r.lease_epoch = $2",
  }),
  /** A plan whose runner is gone and that somebody had cancelled. $2 epoch. */
  cancelLost: transition({
    name: "cancel_lost",
    to: "cancelled",
    kinds: ["plan"],
    set: `${ended}, lease_epoch = r.lease_epoch + 1`,
    where: "r.id = $1 AND r.lease_epoch = $2",
  }),
  /** An apply whose runner is not heard of any more. Its epoch stays: its own runner may still come back. $2 epoch, $3 error, $4 recovery. */
  suspend: transition({
    name: "suspend",
    to: "needs_recovery",
    kinds: write,
    set: "error = $3::jsonb, recovery = $4::jsonb",
    where: "r.id = $1 AND r.lease_epoch = $2 AND r.lease_expires_at < now()",
  }),
  /** A person said what the state is. The epoch rises: whoever held the lease is out. $2 error, $3 recovery, $4 state version. */
  resolve: transition({
    name: "recover",
    to: "failed",
    kinds: write,
    set: `${ended}, error = $2::jsonb, recovery = $3::jsonb, state_version_id = $4, lease_epoch = r.lease_epoch + 1`,
    where: "r.id = $1 AND r.status = 'needs_recovery'",
  }),
};
