import type { deployOn, Run } from "@takosumi/testkit/deploy";
import type { Counts } from "../world/counts.ts";
import type { Database } from "../world/database.ts";
import { lease } from "../world/world.ts";
import type { Told } from "./round.ts";

type User = ReturnType<typeof deployOn>;
const stuckAfter = 10;

/** What a new plan would still create: whatever is not there by what the state says. The plan is given up again. */
export async function pendingAfter(user: User, capsule: string): Promise<string[]> {
  const run = await user.plan(capsule);
  if (run.status === "succeeded") return [];
  if (run.status !== "planned") throw new Error(`A plan after the round ended ${run.status}: ${JSON.stringify(run.error)}`);
  await user.ok("POST", `/api/runs/${run.id}/discard`, {});
  return run.plan.resource_changes.map(({ address }: { address: string }) => address);
}

/** Lines that do not stand in the log exactly once. */
export async function logOnce(user: User, run: Run, names: readonly string[]): Promise<string[]> {
  const log = await user.log(run);
  const times = (line: string) => log.split(line).length - 1;
  return names
    .flatMap((name) => [`begins ${name}.`, `ends ${name}.`])
    .flatMap((line) => {
      const count = times(`(local-exec): ${line}`);
      return count === 1 ? [] : [`"${line}" ${count} times`];
    });
}

/** Gaps and repeats of the event log, and resources whose end was not told exactly once. */
export async function sequenceOnce(database: Database, run: Run): Promise<string[]> {
  const events = await database.rows<{ sequence: string; type: string; change: string | null; state: string | null }>(
    "SELECT sequence, type, concat_ws(' ', data ->> 'action', data ->> 'address') AS change, data ->> 'state' AS state FROM run_events WHERE run_id = $1 ORDER BY sequence",
    [run.id],
  );
  const gaps = events.flatMap(({ sequence }, at) => (Number(sequence) === at + 1 ? [] : [`event ${at + 1} is ${sequence}`])).slice(0, 3);
  const ends = events.flatMap(({ type, state, change }) => (type === "resource" && state === "completed" ? [change ?? ""] : []));
  const doubled = ends.filter((change, at) => ends.indexOf(change) !== at).map((change) => `${change} completed twice`);
  return [...gaps, ...(ends.length === 0 ? ["no resource was told to be completed"] : []), ...doubled];
}

/** Runs that are still running well after their lease. */
export async function stuck(database: Database, counts: Counts): Promise<void> {
  const rows = await database.rows<{ id: string }>(
    "SELECT id FROM runs WHERE status = 'running' AND lease_expires_at < now() - $1 * interval '1 second'",
    [lease.graceSeconds + stuckAfter],
  );
  for (const { id } of rows) counts.wrong(`stuck beyond lease + ${stuckAfter} s`, id);
}

/** Everything that an answer acknowledged, asked of the database. */
export async function acknowledged(database: Database, told: Told, counts: Counts): Promise<void> {
  const lost = (what: string) => counts.wrong("acknowledged writes lost", what);
  const statuses = new Map(
    (await database.rows<{ id: string; status: string }>("SELECT id, status FROM runs")).map((row) => [row.id, row.status]),
  );
  for (const [id, status] of told.ended) {
    const now = statuses.get(id);
    // A plan that was read as planned is approved, discarded or stale by now.
    const follows = status === "planned" ? ["planned", "approved", "discarded", "stale", "expired"] : [status];
    counts.all("acknowledged writes kept", now !== undefined && follows.includes(now));
    if (!now || !follows.includes(now)) lost(`${id} was ${status} and is ${now}`);
  }
  const capsules = await database.rows<{ id: string; variables: readonly { name: string; value: number }[] }>(
    "SELECT id, variables FROM capsules",
  );
  for (const [id, generation] of told.generations) {
    const now = capsules.find((capsule) => capsule.id === id)?.variables.find(({ name }) => name === "generation")?.value;
    counts.all("acknowledged writes kept", now === generation);
    if (now !== generation) lost(`${id} has generation ${now}, not ${generation}`);
  }
  const approvals = await database.rows<{ target_id: string; count: number }>(
    "SELECT target_id, count(*)::int AS count FROM audit_events WHERE action = 'run.approved' GROUP BY target_id",
  );
  for (const run of told.approved) {
    const count = approvals.find(({ target_id }) => target_id === run)?.count ?? 0;
    counts.all("approvals recorded once", count === 1);
    if (count !== 1) lost(`the approval of ${run} is recorded ${count} times`);
  }
}
