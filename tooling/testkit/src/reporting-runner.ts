import { createHash, randomUUID } from "node:crypto";
import type { ReportedChange, Summary } from "@takosumi/contracts/deploy/plan";
import { emptyState } from "@takosumi/contracts/runner/empty-state";
import type { Lease } from "@takosumi/contracts/runner/lease";
import { type Answer, type Call, caller } from "./call.ts";

export const digestOf = (bytes: string | Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const tool = { name: "opentofu", version: "1.12.6", digest: digestOf("tofu") } as const;
const noChange: Summary = { add: 0, change: 0, destroy: 0, import: 0, move: 0, forget: 0 };

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

/** Speaks the runner protocol as one runner, without a tool: what it reports is what the test says. */
export class ReportingRunner {
  readonly call: Call;
  readonly id: string;
  private constructor(call: Call, id: string) {
    this.call = call;
    this.id = id;
  }

  static async register(url: string, token: string): Promise<ReportingRunner> {
    const call = caller(url, token);
    const body = { instance: randomUUID(), name: "protocol", version: "1", slots: 64, tools: [{ name: tool.name, version: tool.version }] };
    const { runner } = taken(
      await call("POST", "/api/runner/register", { body: { ...body, sandbox: { kind: "none", not_isolated: [] } } }),
    );
    return new ReportingRunner(call, runner.id);
  }

  /** The next Run of the pool; null where nothing waits. */
  async claim(): Promise<Lease | null> {
    const body = { runner_id: this.id, wait_seconds: 0, tools: [{ name: tool.name, version: tool.version }] };
    return taken(await this.call("POST", "/api/runner/claim", { body })).lease;
  }
  async claimed(): Promise<Lease> {
    const lease = await this.claim();
    if (!lease) throw new Error("There is nothing to claim");
    return lease;
  }

  put(lease: Lease, kind: "plan" | "work" | "state" | "checkpoint", text: string): Promise<Answer> {
    const query = `runner_id=${this.id}&epoch=${lease.epoch}&digest=${digestOf(text)}`;
    const headers = { "content-type": "application/octet-stream" };
    return this.call("PUT", `/api/runner/runs/${lease.run_id}/artifacts/${kind}?${query}`, { raw: text, headers });
  }
  async complete(lease: Lease, outcome: object): Promise<string> {
    const body = { runner_id: this.id, epoch: lease.epoch, last_sequence: lease.last_sequence, outcome };
    return taken(await this.call("POST", `/api/runner/runs/${lease.run_id}/complete`, { body })).status;
  }

  /** Ends a plan with these changes; without any it has none. */
  async planned(
    lease: Lease,
    changes: readonly ReportedChange[],
    { drift = [] }: { drift?: readonly ReportedChange[] } = {},
  ): Promise<string> {
    const artifact = async (kind: "plan" | "work") => taken(await this.put(lease, kind, `${kind} of ${lease.run_id}`));
    const [plan, work] = await Promise.all([artifact("plan"), artifact("work")]);
    const does = (action: ReportedChange["actions"][number]) => changes.filter(({ actions }) => actions.includes(action)).length;
    const summary = { ...noChange, add: does("create"), change: does("update"), destroy: does("delete"), forget: does("forget") };
    const has_changes = changes.length + drift.length > 0;
    return this.complete(lease, {
      result: "planned",
      tool,
      plan: { has_changes, summary, resource_changes: changes, drift, output_changes: [], checks: [] },
      diagnostics: [],
      artifacts: { plan, work, work_tree_digest: digestOf("tree"), lock_digest: digestOf("lock") },
    });
  }

  /** Ends an apply with a new state; `resources` are counted, not there. */
  async applied(lease: Lease, resource_count = 1): Promise<string> {
    const serial = lease.base.serial + 1;
    const text = JSON.stringify({ ...JSON.parse(emptyState(lease.base.lineage)), serial });
    const stored = taken(await this.put(lease, "state", text));
    const state = { ...stored, serial, lineage: lease.base.lineage, resource_count, outputs: [] };
    return this.complete(lease, { result: "applied", tool, state, summary: noChange, diagnostics: [], duration_ms: 1 });
  }
}

/** The body of an answer that must be a success. */
export function taken(answer: Answer): Answer["body"] {
  if (answer.status >= 300) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
