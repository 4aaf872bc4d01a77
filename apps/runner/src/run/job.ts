import { join } from "node:path";
import type { RunPhase } from "@takosumi/contracts/deploy/run";
import type { RunnerEvent } from "@takosumi/contracts/runner/events";
import type { Lease } from "@takosumi/contracts/runner/lease";
import type { UsedTool } from "@takosumi/contracts/runner/outcome";
import { openRunDir } from "@takosumi/opentofu/rundir";
import type { RunDir } from "@takosumi/opentofu/types";
import { createRedactor, type Redactor } from "@takosumi/redact/redactor";
import type { NamedSecret } from "@takosumi/redact/rules";
import type { Fact } from "../cache/bytes.ts";
import { Cursor } from "../events/cursor.ts";
import { Outbox } from "../events/outbox.ts";
import { Output } from "../events/output.ts";
import type { Log } from "../log.ts";
import type { Site } from "../site.ts";
import { LeasedCalls } from "../wire/leased.ts";
import { Carriage } from "./carriage.ts";
import { RunControl } from "./control.ts";
import { ownFolder, workRoot } from "./journal.ts";
import type { SparePlan } from "./spare-plans.ts";

const DAY_MS = 24 * 3_600_000;

/** One Run that this process works on: its lease, its directory, its way to the log. */
export class Job {
  readonly site: Site;
  readonly lease: Lease;
  readonly dir: RunDir;
  readonly control: RunControl;
  readonly calls: LeasedCalls;
  readonly redactor: Redactor;
  readonly cursor: Cursor;
  readonly outbox: Outbox;
  readonly output: Output;
  /** What goes along with the end of the Run. */
  readonly carried: Carriage;
  readonly log: Log;
  readonly startedAt: number;
  /** What the Run is planned from: given with the lease, or fetched since. */
  source: Fact | null;
  /** What it is worked on with, once that is known: also a Run that fails or is blocked says it. */
  tool: UsedTool | null = null;
  /** The tool of an apply was started: from here on its state must be looked after, whatever else goes wrong. */
  executed = false;
  #secrets: readonly NamedSecret[];
  readonly #cpu = new Map<string, number>();
  #withheld = false;
  /** What may be begun for the apply of this plan, once its directory is cleared. */
  next: (() => Promise<void>) | null = null;
  /** Tools that wait for this plan. */
  spare: SparePlan | null = null;
  readonly #atEnd: (() => Promise<void>)[] = [];

  /** The Run's `own` folder must be there: the cursor lies in it. */
  constructor(site: Site, lease: Lease, startedAt = Date.now()) {
    this.site = site;
    this.lease = lease;
    this.source = lease.source;
    this.startedAt = startedAt;
    this.log = site.log.child({ run_id: lease.run_id });
    this.dir = openRunDir(rootOf(site, lease));
    this.control = new RunControl(lease.seconds_left * 1_000);
    // An apply's end is worth waiting for: nobody else may write it while its runner lives.
    const patience = { signal: this.control.lost, patienceMs: DAY_MS };
    const beforehand = { ...patience, signal: AbortSignal.any([this.control.lost, this.control.stopped]) };
    this.calls = new LeasedCalls(site.client, site.runnerId, lease, { patience, beforehand }, (error) => this.control.lose(error));
    this.#secrets = lease.secrets;
    this.redactor = createRedactor(lease.secrets);
    this.cursor = new Cursor(ownFolder(this.dir.root), lease.last_sequence);
    this.outbox = new Outbox(this.calls, this.cursor, {
      json: (value) => this.redactor.json(this.#withheld ? withoutWords(value as RunnerEvent) : value),
      cut: (text) => this.redactor.cut(text),
    });
    const { output } = site.settings;
    this.output = new Output(output, this.cursor.places, () =>
      this.control.stop(
        "output_limit",
        `The Run wrote ${output.allBytes} bytes of output and more. Make it quieter, or raise TAKOSUMI_RUN_OUTPUT_STOP_BYTES.`,
      ),
    );
    this.carried = new Carriage(this.calls);
    if (lease.cancel) this.control.stop("cancelled", "The Run was cancelled");
  }

  say(event: RunnerEvent): Promise<void> {
    return this.outbox.add(event);
  }

  /** Hides secrets that this Run was given, from now on. */
  hide(secrets: readonly NamedSecret[]): void {
    this.redactor.add(secrets);
    this.#secrets = [...this.#secrets, ...secrets];
  }

  /** What this Run was given and must not be told; without the values that the tool masks itself. */
  get secrets(): readonly NamedSecret[] {
    return this.#secrets;
  }

  /** Text of whole lines of our own. */
  note(text: string): Promise<void> {
    return this.say({ type: "log", at: new Date().toISOString(), text: `${text}\n` });
  }

  /** Marks a phase in the log; its end too, however it ends. */
  async phase<T>(name: RunPhase, work: () => Promise<T>): Promise<T> {
    await this.say({ type: "phase", at: new Date().toISOString(), name, state: "started" });
    try {
      return await work();
    } finally {
      await this.say({ type: "phase", at: new Date().toISOString(), name, state: "finished" }).catch(() => undefined);
    }
  }

  /** The directory of this plan, and the tools that wait in it. They end unused where the plan cannot use them. */
  begunAs(spare: SparePlan): void {
    this.spare = spare;
    this.atEnd(() => spare.dismiss());
  }

  /** What is done when the Run has left this process, however it did. */
  atEnd(work: () => Promise<void>): void {
    this.#atEnd.push(work);
  }

  async close(): Promise<void> {
    this.control.close();
    await Promise.all(this.#atEnd.splice(0).map((work) => work()));
    this.cursor.close();
  }

  /** From now on what the tool says stays here. */
  withhold(): void {
    this.#withheld = true;
  }

  /** Says where the log is cut; what is kept of the rest follows when the command has ended. */
  noteCut(): Promise<void> {
    return this.note(
      `\n(this Run wrote more than its log keeps, ${this.site.settings.output.logBytes} bytes: the end of the output follows when the command has ended)`,
    );
  }

  /** Keeps what a phase used of the CPU, and answers what all of them did. */
  usedCpu(phase: string, seconds: number): number {
    this.#cpu.set(phase, seconds);
    return [...this.#cpu.values()].reduce((sum, used) => sum + used, 0);
  }

  get elapsedMs(): number {
    return Math.max(0, Date.now() - this.startedAt);
  }
}

function withoutWords(event: RunnerEvent): RunnerEvent {
  if (event.type === "log") return { ...event, text: "(withheld: the runner could not tell what is secret in it)\n" };
  if (event.type === "diagnostic")
    return { ...event, diagnostic: { ...event.diagnostic, summary: "(withheld)", detail: "", snippet: null } };
  return event;
}

/** Plan and apply share a directory: the same absolute path on every runner. */
export const rootOf = (site: Pick<Site, "settings">, lease: Pick<Lease, "run_id" | "plan_run_id">): string =>
  join(workRoot(site.settings.dir), lease.plan_run_id ?? lease.run_id);
