import { cliConfig } from "@takosumi/opentofu/cli-config";
import { applyArgs } from "@takosumi/opentofu/commands";
import { equipSandbox } from "@takosumi/opentofu/equip";
import { holdPhase } from "@takosumi/opentofu/phase";
import type { HeldPhase, Phase } from "@takosumi/opentofu/types";
import { type Ground, stepOf } from "./ground.ts";
import type { Job } from "./job.ts";

const WAIT_MS = 60_000;
type Ready = { readonly held: HeldPhase; readonly command: string; readonly timer: NodeJS.Timeout };

/**
 * Tools of applies, started while somebody looks at the plan and held before they look at anything: most plans are approved at once or
 * late. A few, by plan Run, for a minute each.
 */
export class ReadyApplies {
  readonly #most: number;
  readonly #ready = new Map<string, Ready>();

  constructor(most: number) {
    this.#most = most;
  }

  keep(plan: string, held: HeldPhase, command: string): void {
    this.#ready.set(plan, { held, command, timer: setTimeout(() => void this.drop(plan), WAIT_MS).unref() });
    const [oldest] = this.#ready.keys();
    if (oldest !== undefined && this.#ready.size > this.#most) void this.drop(oldest);
  }

  /** The one that was started for exactly this command; any other of the plan ends. */
  async take(plan: string, command: string): Promise<HeldPhase | null> {
    const found = this.#ready.get(plan);
    if (found?.command !== command || !found.held.waits()) {
      await this.drop(plan);
      return null;
    }
    clearTimeout(found.timer);
    this.#ready.delete(plan);
    return found.held;
  }

  /** Resolves when it touches the plan's directory no more. */
  async drop(plan: string): Promise<void> {
    const found = this.#ready.get(plan);
    if (!found) return;
    clearTimeout(found.timer);
    this.#ready.delete(plan);
    await found.held.dismiss();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#ready.keys()].map((plan) => this.drop(plan)));
  }
}

/** Holds the apply of a plan that was just made here, in its emptied directory. Its environment must hold nothing of the Run. */
export async function holdApply(job: Job, ground: Ground, argv: string[]): Promise<void> {
  const { facts, ready } = job.site;
  await equipSandbox({ dir: job.dir, facts });
  const start = stepOf(job, ground, "apply", argv);
  ready.keep(job.lease.run_id, await holdPhase(start), commandOf(ground, argv));
}

/** The held apply of an apply's plan; null where there is none, where its tree is not the one that is `kept`, or where it would not be the same. */
export function heldApply(job: Job, ground: Ground, { kept, variables }: { kept: boolean; variables: boolean }): Promise<HeldPhase | null> {
  const { bound, plan_run_id, variables: given } = job.lease;
  const bare = kept && !bound && Object.keys(given.env).length === 0;
  return job.site.ready.take(plan_run_id ?? "", bare ? commandOf(ground, applyArgs(ground, { variables })) : "");
}

export const releaseApply = (held: HeldPhase): Phase => held.release(cliConfig(null));

/** All that a held tool was started with. */
const commandOf = ({ tool, seen }: Ground, argv: string[]): string => JSON.stringify([tool.path, tool.digest, seen, argv]);
