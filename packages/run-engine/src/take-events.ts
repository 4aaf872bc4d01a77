import type { RunnerEvent } from "@takosumi/contracts/runner/events";
import type { RunRow } from "@takosumi/db/rows";
import { createRedactor } from "@takosumi/redact/redactor";
import { conflict } from "./conflicts.ts";
import { type BriefRun, type Held, heldBrief } from "./lease.ts";
import { appendEvents } from "./queries/append-events.ts";
import { runById } from "./queries/snapshot.ts";
import type { EngineResources } from "./resources.ts";
import { openVariableSet } from "./variables.ts";

type Redactor = ReturnType<typeof createRedactor>;

const kept = 200;
/** Redacts again what a runner sends, by the secrets of the Run. The last few hundred Runs' are kept. */
export function openIngest(resources: Pick<EngineResources, "db" | "keyring">) {
  const redactors = new Map<string, Promise<Redactor>>();
  const make = async (run: BriefRun): Promise<Redactor> => {
    const owner = (await resources.db.one<RunRow>(runById, [run.plan_run_id ?? run.id])) as RunRow;
    return createRedactor((await openVariableSet(resources.keyring, owner)).secrets);
  };
  return {
    redactorOf(run: BriefRun): Promise<Redactor> {
      const known = redactors.get(run.id);
      if (known) return known;
      const made = make(run);
      made.catch(() => redactors.delete(run.id));
      redactors.set(run.id, made);
      for (const oldest of redactors.keys()) {
        if (redactors.size <= kept) break;
        redactors.delete(oldest);
      }
      return made;
    },
  };
}
export type Ingest = ReturnType<typeof openIngest>;

/** Takes a batch exactly once, by the sequence of its first event. Answers with the last sequence that was taken. */
export async function takeEvents(
  { db, ingest }: Pick<EngineResources, "db"> & { readonly ingest: Ingest },
  held: Held,
  first: number,
  events: readonly RunnerEvent[],
): Promise<number> {
  const run = await heldBrief(db, held);
  const due = events.slice(Math.max(run.runner_sequence + 1 - first, 0));
  const start = first + events.length - due.length;
  if (start > run.runner_sequence + 1)
    throw conflict(`The next event of Run ${run.id} is ${run.runner_sequence + 1}, not ${start}`, {
      reason: "lost_race",
      last_sequence: run.runner_sequence,
    });
  if (due.length === 0) return run.runner_sequence;

  const redactor = await ingest.redactorOf(run);
  let logged = 0;
  const rows = due.map((event) => {
    const { type, at, ...data } = redactor.json(event) as RunnerEvent;
    if (type !== "log") return { type, at, data };
    const bytes = Buffer.byteLength((data as { text: string }).text);
    const row = { type, at, data, log_start: logged, log_bytes: bytes };
    logged += bytes;
    return row;
  });
  const marks = due.flatMap((event) => (event.type === "phase" ? [{ name: event.name, state: event.state, at: event.at }] : []));
  const phase = marks.findLast(({ state }) => state === "started")?.name ?? null;
  const isolation = due.findLast((event) => event.type === "isolation");
  const seen = isolation ? JSON.stringify({ sandbox: isolation.sandbox, not_isolated: isolation.not_isolated }) : null;
  const values = [run.id, held.epoch, held.runner_id, start, rows.length, logged, JSON.stringify(rows), phase, JSON.stringify(marks), seen];
  const taken = await db.one<{ runner_sequence: number }>(appendEvents, values);
  // Another delivery of the same batch was first: it stands, and this one is its repeat.
  return taken?.runner_sequence ?? (await heldBrief(db, held)).runner_sequence;
}
