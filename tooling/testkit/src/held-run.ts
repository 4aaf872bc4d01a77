import { createHash, randomUUID } from "node:crypto";
import type { ReportedChange, Summary } from "@takosumi/contracts/deploy/plan";
import type { Lease } from "@takosumi/contracts/runner/lease";
import { type Answer, type Call, caller } from "./call.ts";

const tools = [{ name: "opentofu", version: "1.12.6" }] as const;
export const digestOf = (bytes: string | Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const tool = { ...tools[0], digest: digestOf("tofu") };
const noChange: Summary = { add: 0, change: 0, destroy: 0, import: 0, move: 0, forget: 0 };

/** What a plan is reported with; without a summary, what its changes count up to. */
export interface Reported {
  readonly changes?: readonly ReportedChange[];
  readonly drift?: readonly ReportedChange[];
  readonly summary?: Partial<Summary>;
}

/** A lease as a runner has it, and every kind of call that it allows. Nothing here throws on a status: the answer is what is asked for. */
export class HeldRun {
  readonly lease: Lease;
  readonly #call: Call;
  readonly #runner: string;
  #last: number;

  constructor(call: Call, runner: string, lease: Lease) {
    this.lease = lease;
    this.#call = call;
    this.#runner = runner;
    this.#last = lease.last_sequence;
  }

  /** Any call of the lease; `body` may say another runner or epoch. */
  ask(what: string, body: object = {}): Promise<Answer> {
    const held = { runner_id: this.#runner, epoch: this.lease.epoch };
    return this.#call("POST", `/api/runner/runs/${this.lease.run_id}/${what}`, { body: { ...held, ...body } });
  }

  /** Events after the last one that was taken. */
  async events(events: readonly object[]): Promise<Answer> {
    const answer = await this.ask("events", { first: this.#last + 1, events });
    if (answer.status === 200) this.#last = answer.body.last_sequence;
    return answer;
  }

  artifact(kind: "state" | "checkpoint" | "plan" | "work", bytes: string): Promise<Answer> {
    const query = new URLSearchParams({ runner_id: this.#runner, epoch: String(this.lease.epoch), digest: digestOf(bytes) });
    const options = { raw: bytes, headers: { "content-type": "application/octet-stream" } };
    return this.#call("PUT", `/api/runner/runs/${this.lease.run_id}/artifacts/${kind}?${query}`, options);
  }

  input(kind: "source" | "state" | "plan" | "work"): Promise<Answer> {
    const query = new URLSearchParams({ runner_id: this.#runner, epoch: String(this.lease.epoch) });
    return this.#call("GET", `/api/runner/runs/${this.lease.run_id}/inputs/${kind}?${query}`);
  }

  complete(outcome: object): Promise<Answer> {
    return this.ask("complete", { last_sequence: this.#last, outcome });
  }

  fail(code = "TEST"): Promise<Answer> {
    const error = { code, message: "a test says so", details: null };
    return this.complete({ result: "failed", tool: null, error, diagnostics: [], state: null, summary: null, duration_ms: 1 });
  }

  /** Ends a plan that was made so, with artifacts of its own. */
  async planned({ changes = [], drift = [], summary: said = {} }: Reported): Promise<Answer> {
    const put = async (kind: "plan" | "work") => {
      const text = `${kind} of ${this.lease.run_id}`;
      await this.artifact(kind, text);
      return { digest: digestOf(text), size_bytes: text.length };
    };
    const [plan, work] = await Promise.all([put("plan"), put("work")]);
    const does = (action: ReportedChange["actions"][number]) => changes.filter(({ actions }) => actions.includes(action)).length;
    const counted = { add: does("create"), change: does("update"), destroy: does("delete"), forget: does("forget") };
    const summary = { ...noChange, ...counted, ...said };
    const has_changes = drift.length > 0 || changes.length > 0 || Object.values(summary).some((count) => count > 0);
    return this.complete({
      result: "planned",
      tool,
      plan: { has_changes, summary, resource_changes: changes, drift, output_changes: [], checks: [] },
      diagnostics: [],
      artifacts: { plan, work, work_tree_digest: digestOf("tree"), lock_digest: digestOf("lock") },
    });
  }

  /** A state of the Run's lineage at a serial. */
  stateAt(serial: number, resources: readonly object[] = []): string {
    const { lineage } = this.lease.base;
    return JSON.stringify({ version: 4, terraform_version: "1.12.6", serial, lineage, outputs: {}, resources, check_results: null });
  }

  /** Ends an apply whose state was uploaded as `bytes`; `resource_count` is said, not counted. */
  applied(bytes: string, { resource_count = 1, outputs = [] as readonly object[] } = {}): Promise<Answer> {
    const { serial, lineage } = JSON.parse(bytes) as { serial: number; lineage: string };
    const state = { digest: digestOf(bytes), size_bytes: Buffer.byteLength(bytes), serial, lineage, resource_count, outputs };
    return this.complete({ result: "applied", tool, state, summary: noChange, diagnostics: [], duration_ms: 1 });
  }
}

/** A runner that speaks the protocol and executes nothing. */
export class ProtocolRunner {
  readonly id: string;
  /** As this runner's token. */
  readonly call: Call;

  private constructor(call: Call, id: string) {
    this.call = call;
    this.id = id;
  }

  static async open(url: string, token: string): Promise<ProtocolRunner> {
    const call = caller(url, token);
    const sandbox = { kind: "none", not_isolated: [] };
    const body = { instance: `protocol-${randomUUID()}`, name: "protocol", version: "0", slots: 64, tools, sandbox };
    return new ProtocolRunner(call, taken(await call("POST", "/api/runner/register", { body })).runner.id);
  }

  /** The next Run of the pool; null where none came in time. */
  async claim(wait_seconds = 0): Promise<HeldRun | null> {
    const { lease } = taken(await this.call("POST", "/api/runner/claim", { body: { runner_id: this.id, wait_seconds, tools } }));
    return lease && new HeldRun(this.call, this.id, lease);
  }

  async claimed(wait_seconds = 0): Promise<HeldRun> {
    const held = await this.claim(wait_seconds);
    if (!held) throw new Error("There is nothing to claim");
    return held;
  }
}

/** The body of an answer that must be a success. */
export function taken(answer: Answer): Answer["body"] {
  if (answer.status >= 300) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
