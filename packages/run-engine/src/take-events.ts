import type { RunnerEvent } from "@takosumi/contracts/runner/events";
import type { RunRow } from "@takosumi/db/rows";
import { createRedactor } from "@takosumi/redact/redactor";
import { conflict } from "./conflicts.ts";
import { eventPage } from "./event-feed.ts";
import type { Following } from "./follow-events.ts";
import { type BriefRun, type Held, heldBrief } from "./lease.ts";
import { appendEvents } from "./queries/append-events.ts";
import { runById } from "./queries/snapshot.ts";
import type { EngineResources } from "./resources.ts";
import { openVariableSet } from "./variables.ts";

type Stores = Pick<EngineResources, "db"> & { readonly following: Pick<Following, "offer"> };
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
    known: (run: string): Promise<Redactor> | undefined => redactors.get(run),
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
  { ingest, ...stores }: Stores & { readonly ingest: Ingest },
  held: Held,
  first: number,
  events: readonly RunnerEvent[],
): Promise<number> {
  // Nearly always the next batch of a Run whose secrets are known here: the statement that writes it looks at lease and sequence itself.
  const known = await ingest.known(held.run_id);
  const taken = known && (await append(stores, held, first, events, known));
  if (taken) return taken;

  const run = await heldBrief(stores.db, held);
  const due = events.slice(Math.max(run.runner_sequence + 1 - first, 0));
  const start = first + events.length - due.length;
  if (start > run.runner_sequence + 1)
    throw conflict(`The next event of Run ${run.id} is ${run.runner_sequence + 1}, not ${start}`, {
      reason: "lost_race",
      last_sequence: run.runner_sequence,
    });
  if (due.length === 0) return run.runner_sequence;
  // Another delivery of the same batch may be first: it stands, and this one is its repeat.
  return (await append(stores, held, start, due, await ingest.redactorOf(run))) ?? (await heldBrief(stores.db, held)).runner_sequence;
}

/** The last sequence that was taken; null for an old epoch, a gap, or a repeat. */
async function append(
  { db, following }: Stores,
  held: Held,
  first: number,
  events: readonly RunnerEvent[],
  redactor: Redactor,
): Promise<number | null> {
  let logged = 0;
  const rows = events.map((event) => {
    const { type, at, ...data } = redactor.json(event) as RunnerEvent;
    if (type !== "log") return { type, at, data };
    const bytes = Buffer.byteLength((data as { text: string }).text);
    const row = { type, at, data, log_start: logged, log_bytes: bytes };
    logged += bytes;
    return row;
  });
  const marks = events.flatMap((event) => (event.type === "phase" ? [{ name: event.name, state: event.state, at: event.at }] : []));
  const phase = marks.findLast(({ state }) => state === "started")?.name ?? null;
  const isolation = events.findLast((event) => event.type === "isolation");
  const seen = isolation ? JSON.stringify({ sandbox: isolation.sandbox, not_isolated: isolation.not_isolated }) : null;
  const values = [
    held.run_id,
    held.epoch,
    held.runner_id,
    first,
    rows.length,
    logged,
    JSON.stringify(rows),
    phase,
    JSON.stringify(marks),
    seen,
  ];
  const taken = await db.one<{ runner_sequence: number; event_sequence: number }>(appendEvents, values);
  if (!taken) return null;
  if (rows.length <= eventPage.events && logged <= eventPage.bytes) {
    const base = taken.event_sequence - rows.length;
    const batch = rows.map(({ type, at, data }, i) => ({ run_id: held.run_id, sequence: base + i + 1, type, data, at: new Date(at) }));
    following.offer(held.run_id, batch);
  }
  return taken.runner_sequence;
}
