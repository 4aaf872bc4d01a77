import { mkdir, rm } from "node:fs/promises";
import { ApiError } from "@takosumi/contracts/errors";
import type { Lease } from "@takosumi/contracts/runner/lease";
import type { Outcome } from "@takosumi/contracts/runner/outcome";
import { clearSecrets, createRunDir, openRunDir } from "@takosumi/opentofu/rundir";
import { createRedactor } from "@takosumi/redact/redactor";
import type { Pending } from "../events/cursor.ts";
import { clip, fitDiagnostic, withoutNul } from "../events/fit.ts";
import type { Site } from "../site.ts";
import { LeaseLost } from "../wire/leased.ts";
import { Unreachable } from "../wire/retry.ts";
import { executeApply } from "./apply.ts";
import { failureOf } from "./failure.ts";
import { keepLease } from "./heartbeat.ts";
import { Job, rootOf } from "./job.ts";
import { dropJournal, ownFolder, writeJournal } from "./journal.ts";
import { Blocked, executePlan } from "./plan.ts";

/** How a Run left its directory. `kept`: its end could not be told, the next start goes on with it. */
type Left = "waits_for_apply" | "done" | "kept";

/** Works on a Run from its beginning to its end. Never rejects. `onJob` hears of it while it goes on. */
export async function executeRun(site: Site, lease: Lease, onJob: (job: Job) => () => void, note?: string): Promise<void> {
  const root = rootOf(site, lease);
  const { run_id, epoch, kind } = lease;
  const spare = await site.spares.take(lease, root);
  if (kind === "plan") {
    await site.ready.drop(run_id);
    if (!spare) await createRunDir(root);
  }
  await rm(ownFolder(root), { recursive: true, force: true });
  await mkdir(ownFolder(root), { recursive: true, mode: 0o700 });
  await writeJournal(root, { run_id, epoch, kind, stage: "preparing", started_at: new Date().toISOString() });
  const job = new Job(site, lease);
  if (spare) job.begunAs(spare);
  await carryThrough(job, onJob, async () => {
    if (note) await job.note(note);
    await job.say({
      type: "isolation",
      at: new Date().toISOString(),
      sandbox: site.facts.kind,
      not_isolated: site.facts.missing.slice(0, 20),
    });
    return kind === "plan" ? executePlan(job) : executeApply(job);
  });
}

/** Keeps the lease while `work` goes on, tells the api how it ended, and leaves no plaintext behind. */
export async function carryThrough(job: Job, onJob: (job: Job) => () => void, work: () => Promise<Outcome>): Promise<void> {
  const ended = new AbortController();
  const left = onJob(job);
  const beating = keepLease(job.calls, job.control, job.site.renewMs, job.log, ended.signal);
  let how: Left = "done";
  try {
    const outcome = await work().catch((error: unknown) => outcomeOf(job, error));
    if (outcome) {
      await complete(job, await lastEvents(job), outcome);
      job.log.info({ result: outcome.result, ms: job.elapsedMs }, "run ended");
      if (outcome.result === "planned" && outcome.plan.has_changes) how = "waits_for_apply";
    }
  } catch (error) {
    if (error instanceof Unreachable || (job.executed && !(error instanceof LeaseLost))) how = "kept";
    const level = error instanceof LeaseLost || error instanceof Unreachable ? "warn" : "error";
    job.log[level]({ err: error }, "run left");
  } finally {
    ended.abort();
    await job.close();
    await beating;
    await tidy(job.dir.root, how).catch((error: unknown) => job.log.error({ problem: String(error) }, "run directory not cleared"));
    if (how === "waits_for_apply")
      await job.next?.().catch((error: unknown) => job.log.warn({ problem: String(error) }, "the apply was not made ready"));
    left();
  }
}

/** What the api is told of work that threw; null where it wants to hear nothing. */
function outcomeOf(job: Job, error: unknown): Outcome | null {
  if (error instanceof Blocked) return null;
  if (error instanceof LeaseLost || error instanceof Unreachable || job.control.lost.aborted) throw error;
  const failure = failureOf(job.control.reason && !job.executed ? job.control.reason : error);
  if (failure.code === "RUNNER_ERROR") job.log.error({ err: error }, "unexpected");
  const { code, message, details } = failure;
  const diagnostics = [...failure.diagnostics];
  if (job.executed)
    return { result: "state_unsaved", tool: job.tool, error: { code, message, details: details && { ...details } }, diagnostics };
  const result = code === "CANCELLED" ? "cancelled" : "failed";
  return {
    result,
    tool: job.tool,
    error: { code, message, details: details && { ...details } },
    diagnostics,
    state: null,
    summary: null,
    duration_ms: job.elapsedMs,
  };
}

/** What keeps the log from being sent, other than the api, does not keep the end of the Run from being told. */
async function lastEvents(job: Job): Promise<Pending | null> {
  try {
    return await job.outbox.rest();
  } catch (error) {
    if (error instanceof LeaseLost || error instanceof Unreachable) throw error;
    job.log.error({ err: error }, "the log is cut");
    return null;
  }
}

async function complete(job: Job, last: Pending | null, outcome: Outcome): Promise<void> {
  const sequence = last ? last.first + last.events.length - 1 : job.cursor.sequence;
  try {
    await job.calls.complete(sequence, hidden(job, outcome), last, job.carried.all);
  } catch (error) {
    // The api took neither the state nor the words: then at least a person must hear of it, and the Capsule stays held.
    if (!(error instanceof ApiError) || outcome.result === "state_unsaved") throw error;
    job.log.error({ code: error.code, problem: error.message }, "outcome refused");
    const refused = {
      code: "RUNNER_ERROR",
      message: clip(`The api refused the outcome of this Run: ${error.message}`, 4_000),
      details: null,
    };
    const instead: Outcome = job.executed
      ? { result: "state_unsaved", tool: job.tool, error: refused, diagnostics: [] }
      : { result: "failed", tool: job.tool, error: refused, diagnostics: [], state: null, summary: null, duration_ms: job.elapsedMs };
    await job.calls.complete(sequence, instead, last, []);
  }
}

/** Words of an outcome redacted and cut to the contract. Digests and counts stay as they are. */
function hidden(job: Job, outcome: Outcome): Outcome {
  const shown = <T>(value: T): T => job.redactor.json(value) as T;
  const told = { ...outcome };
  if ("diagnostics" in told) told.diagnostics = shown(told.diagnostics).slice(0, 200).map(fitDiagnostic);
  if ("error" in told) told.error = { ...told.error, message: clip(shown(told.error.message), 4_000), details: shown(told.error.details) };
  // The tool itself says which outputs are sensitive: only the Run's own secrets are hidden in the others.
  if ("state" in told && told.state) {
    const outputs = createRedactor(job.secrets).json(told.state.outputs) as typeof told.state.outputs;
    told.state = { ...told.state, outputs };
  }
  return withoutNul(told);
}

async function tidy(root: string, how: Left): Promise<void> {
  if (how === "kept") return;
  if (how === "done") return rm(root, { recursive: true, force: true });
  await clearSecrets(openRunDir(root));
  await dropJournal(root);
}
