import { randomUUID } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Lease } from "@takosumi/contracts/runner/lease";
import { cliConfig } from "@takosumi/opentofu/cli-config";
import { showPlanArgs } from "@takosumi/opentofu/commands";
import { equipSandbox } from "@takosumi/opentofu/equip";
import { holdPhase } from "@takosumi/opentofu/phase";
import { createRunDir, openRunDir } from "@takosumi/opentofu/rundir";
import { mirrorSeen } from "@takosumi/opentofu/sandbox";
import type { HeldPhase, Phase } from "@takosumi/opentofu/types";
import type { Site } from "../site.ts";
import { type Ground, stepOf } from "./ground.ts";

/** After the last Run began or ended: whoever works needs the processor more. */
const QUIET_MS = 300;
/** How long after a plan that could have used one there is another. */
const WANTED_MS = 10 * 60_000;

/** Beside the directories of Runs, of which none is this until it is moved there. What a killed process left in it is of no use. */
export const spareRoot = (dir: string): string => join(dir, "spare");

type Wanted = { readonly ground: Ground; readonly argv: readonly string[]; readonly until: number };

/** A directory without a Run, and in it the tools that plan and that show the plan, held before they look at anything. */
export class SparePlan {
  readonly root: string;
  readonly #command: string;
  readonly #plan: HeldPhase;
  readonly #show: HeldPhase;

  constructor(root: string, command: string, plan: HeldPhase, show: HeldPhase) {
    this.root = root;
    this.#command = command;
    this.#plan = plan;
    this.#show = show;
  }

  /** It becomes the directory of a Run. */
  async moveTo(root: string): Promise<void> {
    await rm(root, { recursive: true, force: true });
    await rename(this.root, root);
    for (const held of [this.#plan, this.#show]) held.moved(openRunDir(root));
  }

  /** The plan, begun, and the command that will show it; null where this is not what was started, or it was killed. */
  begin(ground: Ground, argv: readonly string[], { facts }: Pick<Site, "facts">): { phase: Phase; show: HeldPhase } | null {
    if (commandOf(ground, argv) !== this.#command || !this.#plan.waits() || !this.#show.waits()) return null;
    const mirror = ground.mirror === null ? null : mirrorSeen(facts, ground.mirror);
    return { phase: this.#plan.release(cliConfig(mirror)), show: this.#show };
  }

  async dismiss(): Promise<void> {
    await Promise.all([this.#plan.dismiss(), this.#show.dismiss()]);
  }
}

/**
 * The next plan's tools, started while there is nothing to do: half of the time of a small plan passes before its tool looks at the Run.
 * One, for plans like the last that could have used it: of built-in providers, given nothing. Only in a sandbox, where the directories of
 * all Runs have the same names.
 */
export class SparePlans {
  #wanted: Wanted | null = null;
  #spare: SparePlan | null = null;
  #timer: NodeJS.Timeout | null = null;
  #expiry: NodeJS.Timeout | null = null;
  #making: Promise<void> | null = null;
  #closed = false;

  /** Moves the spare one to be the directory of this Run; null where there is none, or the Run could not use it. */
  async take(lease: Lease, root: string): Promise<SparePlan | null> {
    const spare = this.#spare;
    if (!spare || lease.kind !== "plan" || lease.bound || Object.keys(lease.variables.env).length > 0) return null;
    this.#spare = null;
    await spare.moveTo(root);
    return spare;
  }

  /** A plan was made by this command, and might have been begun earlier. */
  want(ground: Ground, argv: readonly string[]): void {
    this.#wanted = { ground, argv, until: performance.now() + WANTED_MS };
  }

  /** A Run began or ended. */
  later(site: Site): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#closed || !this.#wanted) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#making ??= this.#make(site)
        .catch((error: unknown) => site.log.warn({ problem: String(error) }, "no plan was made ready"))
        .finally(() => {
          this.#making = null;
        });
    }, QUIET_MS).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#making;
    await this.#drop();
  }

  async #make(site: Site): Promise<void> {
    if (this.#spare || !this.#wanted || site.facts.kind === "none") return;
    const { ground, argv, until } = this.#wanted;
    const root = join(spareRoot(site.settings.dir), randomUUID());
    const dir = await createRunDir(root);
    await equipSandbox({ dir, facts: site.facts });
    const held: HeldPhase[] = [];
    const hold = async (name: string, words: readonly string[]): Promise<HeldPhase> => {
      const phase = await holdPhase(stepOf({ site, dir }, ground, name, [...words]));
      held.push(phase);
      return phase;
    };
    try {
      const [plan, show] = [await hold("plan", argv), await hold("show-plan", showPlanArgs(ground))];
      // A sandbox that is still being set up looks for directories by name: it is moved once the tools are inside.
      const begun = await Promise.all(held.map((phase) => phase.begun()));
      if (!begun.every(Boolean)) throw new Error("a tool that was to wait did not begin");
      this.#spare = new SparePlan(root, commandOf(ground, argv), plan, show);
    } catch (error) {
      await Promise.all(held.map((phase) => phase.dismiss()));
      await rm(root, { recursive: true, force: true });
      throw error;
    }
    if (this.#closed) await this.#drop();
    else this.#forgetAt(until);
  }

  /** Where nothing like it was planned for a while, what waits for it goes. */
  #forgetAt(until: number): void {
    if (this.#expiry) clearTimeout(this.#expiry);
    this.#expiry = setTimeout(
      () => {
        if (this.#wanted && this.#wanted.until > until) return this.#forgetAt(this.#wanted.until);
        this.#wanted = null;
        void this.#drop();
      },
      Math.max(until - performance.now(), 0),
    ).unref();
  }

  async #drop(): Promise<void> {
    const spare = this.#spare;
    if (!spare) return;
    this.#spare = null;
    await spare.dismiss();
    await rm(spare.root, { recursive: true, force: true });
  }
}

/** All that a held plan was started with. */
const commandOf = ({ tool, seen, mirror }: Ground, argv: readonly string[]): string =>
  JSON.stringify([tool.path, tool.digest, seen, mirror, argv]);
