import { setTimeout as wait } from "node:timers/promises";
import type { Lease } from "@takosumi/contracts/runner/lease";
import { runnerProtocol } from "@takosumi/contracts/runner/protocol";
import { executeRun } from "./run/execute.ts";
import { type Job, rootOf } from "./run/job.ts";
import { readJournals } from "./run/journal.ts";
import { abandonRun, resumeRun } from "./run/resume.ts";
import { toolsOf } from "./run/tool.ts";
import type { Site } from "./site.ts";
import { Unreachable } from "./wire/retry.ts";
import { sweepWorkDirs } from "./work-dirs.ts";

const { claim, resume } = runnerProtocol.operations;
const AFTER_ERROR_MS = 1_000;
const PATIENCE_MS = 24 * 3_600_000;
const UNSURE_MS = 60_000;

/** Claims Runs and works on as many at once as it has slots, until it is told to stop. */
export class Runner {
  readonly #site: Site;
  readonly #pollSeconds: number;
  readonly #stop = new AbortController();
  readonly #jobs = new Set<Job>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #begun = new Set<{ readonly run: string }>();
  #busy = 0;
  /** Until then an answer to a claim may have been lost: at the start, and for a while after a claim that failed. */
  #unsureUntil = performance.now() + UNSURE_MS;
  #free: () => void = () => undefined;

  constructor(site: Site, pollSeconds: number) {
    this.#site = site;
    this.#pollSeconds = pollSeconds;
  }

  /** Goes on with what an earlier process of this runner was at work on; ends what is not its own any more. */
  async resume(): Promise<void> {
    const { client, runnerId, log, settings } = this.#site;
    const found = await readJournals(settings.dir);
    if (found.length > 0) {
      const held = found.map(({ journal: { run_id, epoch } }) => ({ run_id, epoch })).slice(0, 256);
      const { leases } = await client.call(resume, { runner_id: runnerId, held }, { signal: this.#stop.signal, patienceMs: PATIENCE_MS });
      log.info({ held: held.length, resumed: leases.length }, "resuming");
      for (const { root, journal } of found) {
        const lease = leases.find(({ run_id, epoch }) => run_id === journal.run_id && epoch === journal.epoch);
        if (lease) this.#begin(lease.run_id, root, () => resumeRun(this.#site, lease, journal, this.#tracked));
        else this.#begin(journal.run_id, root, () => abandonRun(this.#site, root, journal));
      }
    }
    await this.#sweep();
  }

  /** Resolves when `stop` was called and every Run has ended. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (this.#busy >= this.#site.settings.slots) {
        await new Promise<void>((free) => {
          this.#free = free;
        });
        continue;
      }
      try {
        const lease = await this.#claim(signal);
        if (lease) this.#begin(lease.run_id, rootOf(this.#site, lease), () => executeRun(this.#site, lease, this.#tracked));
      } catch (error) {
        if (signal.aborted) break;
        this.#site.log.error({ problem: error instanceof Error ? error.message : String(error) }, "claim failed");
        await wait(AFTER_ERROR_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  /** No more claims. Plans end at once; each apply gets one interrupt and its short grace time, and its state is recorded. */
  stop(): void {
    this.#stop.abort();
    for (const job of this.#jobs) job.control.stop("runner_stopped", "The runner was stopped");
    this.#free();
  }

  async #claim(signal: AbortSignal): Promise<Lease | null> {
    const { settings, client, runnerId } = this.#site;
    const tools = (await toolsOf(settings).catch(() => [])).slice(0, 32).map(({ name, version }) => ({ name, version }));
    const ask = async (patienceMs: number) => {
      const holding = performance.now() < this.#unsureUntil ? await this.#holding() : undefined;
      const input = { runner_id: runnerId, wait_seconds: this.#pollSeconds, tools, ...(holding && { holding }) };
      return client.call(claim, input, { signal, patienceMs, answerMs: (this.#pollSeconds + 30) * 1_000 });
    };
    const { lease } = await ask(0).catch((error: unknown) => {
      if (!(error instanceof Unreachable)) throw error;
      // The call may have been heard, and a Run given: from now on the api hears which ones are known here.
      this.#unsureUntil = Number.POSITIVE_INFINITY;
      return ask(PATIENCE_MS);
    });
    if (this.#unsureUntil === Number.POSITIVE_INFINITY) this.#unsureUntil = performance.now() + UNSURE_MS;
    return lease;
  }

  /** Every Run that is begun here, or whose end could not be told yet. */
  async #holding(): Promise<string[]> {
    const left = await readJournals(this.#site.settings.dir);
    return [...new Set([...[...this.#begun].map(({ run }) => run), ...left.map(({ journal }) => journal.run_id)])];
  }

  /** Plan and apply share a directory: one waits until the other has left it. */
  #begin(run: string, root: string, work: () => Promise<void>): void {
    this.#site.log.info({ run_id: run }, "run begun");
    this.#busy++;
    const mark = { run };
    this.#begun.add(mark);
    this.#site.spares.later(this.#site);
    const done: Promise<void> = (this.#running.get(root) ?? Promise.resolve())
      .then(work)
      .catch((error: unknown) => this.#site.log.error({ run_id: run, err: error }, "run broke"))
      .finally(() => {
        this.#busy--;
        this.#begun.delete(mark);
        if (this.#running.get(root) === done) this.#running.delete(root);
        this.#free();
        this.#site.spares.later(this.#site);
        void this.#sweep();
      });
    this.#running.set(root, done);
  }

  readonly #tracked = (job: Job): (() => void) => {
    this.#jobs.add(job);
    if (this.#stop.signal.aborted) job.control.stop("runner_stopped", "The runner was stopped");
    return () => this.#jobs.delete(job);
  };

  async #sweep(): Promise<void> {
    await sweepWorkDirs(this.#site.settings, (root) => this.#running.has(root)).catch((error: unknown) =>
      this.#site.log.warn({ problem: String(error) }, "work directories not swept"),
    );
  }
}
