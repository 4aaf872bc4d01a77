import type { ReportedChange } from "@takosumi/contracts/deploy/plan";
import { emptyState } from "@takosumi/contracts/runner/empty-state";
import { type HeldRun, ProtocolRunner, type Reported, taken } from "./held-run.ts";

/** One change of a plan, as a runner reports it. */
export const reportedChange = (address: string, actions: ReportedChange["actions"]): ReportedChange => ({
  address,
  module: null,
  type: address.split(".")[0] ?? "",
  name: address.split(".")[1] ?? "",
  provider: "terraform.io/builtin/terraform",
  mode: "managed",
  actions,
  action_reason: null,
  previous_address: null,
  import_id: null,
  deposed: null,
  attributes: [],
  attributes_truncated: false,
});

/** Speaks the runner protocol as one runner, without a tool: what it reports is what the test says. What is refused throws. */
export class ReportingRunner {
  readonly #runner: ProtocolRunner;
  private constructor(runner: ProtocolRunner) {
    this.#runner = runner;
  }

  static register = async (url: string, token: string): Promise<ReportingRunner> =>
    new ReportingRunner(await ProtocolRunner.open(url, token));

  /** The next Run of the pool; null where nothing waits. */
  claim = (): Promise<HeldRun | null> => this.#runner.claim();
  claimed = (): Promise<HeldRun> => this.#runner.claimed();

  /** Ends a plan with these changes; without any it has none. */
  planned = async (held: HeldRun, changes: readonly ReportedChange[], reported: Reported = {}): Promise<string> =>
    taken(await held.planned({ ...reported, changes })).status;

  /** Ends an apply with a new state; `resources` are counted, not there. */
  async applied(held: HeldRun, resource_count = 1): Promise<string> {
    const { lineage, serial } = held.lease.base;
    const text = JSON.stringify({ ...JSON.parse(emptyState(lineage)), serial: serial + 1 });
    taken(await held.artifact("state", text));
    return taken(await held.applied(text, { resource_count })).status;
  }
}
