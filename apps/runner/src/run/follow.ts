import { join } from "node:path";
import type { RunnerEvent } from "@takosumi/contracts/runner/events";
import { EventLines } from "@takosumi/opentofu/event-lines";
import { humanLine } from "@takosumi/opentofu/human-line";
import { tailFile } from "@takosumi/opentofu/tail";
import type { Phase, PhaseExit, ToolEvent } from "@takosumi/opentofu/types";
import { LogEnd } from "../events/log-end.ts";
import { LogLines } from "../events/log-lines.ts";
import { runnerEvent, Seen } from "../events/tool-events.ts";
import type { Job } from "./job.ts";

export type Followed = { readonly exit: PhaseExit; readonly seen: Seen };
/**
 * `machine`: where the JSON events come from; where that is stdout, the text is made from them. None for a command that has only human text.
 * `onWords`: told before anything is sent that says more than how far the work is.
 */
export type Sources = {
  readonly name: string;
  readonly machine: "events" | "stdout" | null;
  readonly onWords?: () => void;
};
/** What a tool says of each resource while it plans: an address and what is done with it. */
const progress =
  /^(?:\S.*: (?:Refreshing state|Reading|Read complete|Still [a-z]+|Preparing import|Opening|Opening complete|Closing|Closing complete)\b.*)?$/;

/**
 * Sends what a phase writes, from where the last reader stopped, until it has ended and all is read. The files are the buffer: while
 * the api is away nothing is read. What the events say is taken from their beginning, so that a second reader knows as much as the first.
 */
export async function follow(
  job: Job,
  phase: Phase,
  exit: Promise<PhaseExit>,
  { name, machine, onWords = () => {} }: Sources,
): Promise<Followed> {
  const ended = new AbortController();
  const seen = new Seen();
  const finish = () => ended.abort();
  exit.then(finish, finish);
  const human = machine === "stdout" ? [] : [text(job, phase.files.stdout, `${name}.out`, ended.signal, onWords)];
  const said = { name, spoken: machine === "stdout", onWords };
  const path = machine === "stdout" ? phase.files.stdout : join(job.dir.ctl, "events");
  const events = machine === null ? [] : [machineEvents(job, path, said, seen, ended.signal)];
  const reading = Promise.all([...human, ...events]);
  // A reader that failed must not leave the tool running unseen: the wait goes on, then its error is told.
  await Promise.allSettled([reading, exit]);
  await reading;
  // Errors come last, whatever moment they were written at: two files have no common order.
  await text(job, phase.files.stderr, `${name}.err`, ended.signal, onWords);
  return { exit: await exit, seen };
}

async function text(job: Job, path: string, name: string, ended: AbortSignal, onWords: () => void): Promise<void> {
  const lines = new LogLines(name, job.cursor.places[name]);
  const end = new LogEnd(job.output.end);
  let at = lines.offset;
  const send = async (piece: ReturnType<LogLines["push"]>) => {
    if (!piece) return;
    if (!piece.text.split("\n").every((line) => progress.test(line))) onWords();
    const taken = job.output.takes(piece.place.offset - at);
    at = piece.place.offset;
    if (taken === "yes") return job.outbox.add(logged(piece.text), piece.place);
    if (taken === "first") await job.noteCut();
    end.add(piece.text);
  };
  for await (const { bytes } of tailFile(path, lines.offset, ended)) {
    job.output.wrote(bytes.length);
    await send(lines.push(bytes));
  }
  await send(lines.end());
  const kept = end.take();
  if (kept) await job.outbox.add(logged(kept.text), { name, offset: at }, kept.gap);
}

const logged = (text: string): RunnerEvent => ({ type: "log", at: new Date().toISOString(), text });

/** An apply begins with what its plan said. */
const saidBefore = (event: ToolEvent, phase: string): boolean => phase !== "plan" && event.type === "resource" && event.state === "planned";

/** The place of an event is its number: they are the same every time the file is read. */
async function machineEvents(
  job: Job,
  path: string,
  { name, spoken, onWords }: { readonly name: string; readonly spoken: boolean; readonly onWords: () => void },
  seen: Seen,
  ended: AbortSignal,
): Promise<void> {
  const place = `${name}.events`;
  const sent = job.cursor.places[place]?.offset ?? 0;
  const lines = new EventLines();
  const end = new LogEnd(job.output.end);
  let number = 0;
  const send = async (event: Parameters<Job["say"]>[0] | null) => {
    if (event && ++number > sent) await job.outbox.add(event, { name: place, offset: number });
  };
  const take = async (events: ToolEvent[]) => {
    const now = new Date().toISOString();
    for (const event of events) {
      seen.take(event);
      const line = spoken && !saidBefore(event, name) ? humanLine(event) : null;
      if (event.type === "diagnostic" || (line !== null && !progress.test(line))) onWords();
      if (line !== null) {
        const taken = job.output.takes(Buffer.byteLength(line) + 1);
        if (taken === "first") await job.noteCut();
        if (taken === "yes") await send({ type: "log", at: now, text: `${line}\n` });
        else end.add(`${line}\n`);
      }
      await send(runnerEvent(event, name, now));
    }
  };
  for await (const { bytes } of tailFile(path, 0, ended)) {
    job.output.wrote(bytes.length);
    await take(lines.push(bytes));
  }
  await take(lines.end());
  const kept = end.take();
  if (kept) await send(logged(kept.text));
}
