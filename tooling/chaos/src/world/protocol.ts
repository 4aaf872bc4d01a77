import { createHash, randomUUID } from "node:crypto";
import type { Lease } from "@takosumi/contracts/runner/lease";
import { type Answer, type CallOptions, caller } from "@takosumi/testkit/call";
import type { World } from "./world.ts";

const tools = [{ name: "opentofu", version: "1.12.6" }] as const;
const tool = { ...tools[0], digest: `sha256:${"0".repeat(64)}` };
const nothing = { add: 0, change: 0, destroy: 0, import: 0, move: 0, forget: 0 };
export const digestOf = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** A lease as a runner has it, and every kind of write that it allows. Nothing here throws on a status: the answer is what is asked for. */
export class Held {
  readonly lease: Lease;
  readonly #call: ReturnType<typeof caller>;
  readonly #runner: string;
  #last: number;

  constructor(call: ReturnType<typeof caller>, runner: string, lease: Lease) {
    this.lease = lease;
    this.#call = call;
    this.#runner = runner;
    this.#last = lease.last_sequence;
  }

  async renew(): Promise<Answer> {
    return this.#post("renew", { wait_seconds: 0 });
  }

  /** One event after the last one that was taken. */
  async event(text: string): Promise<Answer> {
    const event = { type: "log", at: new Date().toISOString(), text };
    const answer = await this.#post("events", { first: this.#last + 1, events: [event] });
    if (answer.status === 200) this.#last = answer.body.last_sequence;
    return answer;
  }

  /** A state of the Run's lineage at a serial. */
  stateAt(serial: number, resources: readonly object[] = []): string {
    const { lineage } = this.lease.base;
    return JSON.stringify({ version: 4, terraform_version: "1.12.6", serial, lineage, outputs: {}, resources, check_results: null });
  }

  async artifact(kind: "state" | "checkpoint" | "plan" | "work", bytes: string): Promise<Answer> {
    const query = new URLSearchParams({ runner_id: this.#runner, epoch: String(this.lease.epoch), digest: digestOf(bytes) });
    const options: CallOptions = { raw: bytes, headers: { "content-type": "application/octet-stream" } };
    return this.#call("PUT", `/api/runner/runs/${this.lease.run_id}/artifacts/${kind}?${query}`, options);
  }

  async input(kind: "source" | "state" | "plan" | "work"): Promise<Answer> {
    const query = new URLSearchParams({ runner_id: this.#runner, epoch: String(this.lease.epoch) });
    return this.#call("GET", `/api/runner/runs/${this.lease.run_id}/inputs/${kind}?${query}`);
  }

  async fail(): Promise<Answer> {
    const error = { code: "CHAOS", message: "the script says so", details: null };
    return this.#complete({ result: "failed", tool: null, error, diagnostics: [], state: null, summary: null, duration_ms: 1 });
  }

  /** A plan with changes, as a runner would make it. */
  async planned(): Promise<Answer> {
    const artifacts = await this.#artifacts();
    const plan = { has_changes: true, summary: { ...nothing, add: 1 }, resource_changes: [], drift: [], output_changes: [], checks: [] };
    return this.#complete({ result: "planned", tool, plan, diagnostics: [], artifacts });
  }

  /** An apply whose state was uploaded as `bytes`. */
  async applied(bytes: string, outputs: readonly object[] = []): Promise<Answer> {
    const { serial, lineage } = JSON.parse(bytes) as { serial: number; lineage: string };
    const state = { digest: digestOf(bytes), size_bytes: Buffer.byteLength(bytes), serial, lineage, resource_count: 1, outputs };
    return this.#complete({ result: "applied", tool, state, summary: { ...nothing, add: 1 }, diagnostics: [], duration_ms: 1 });
  }

  async #artifacts() {
    const put = async (kind: "plan" | "work") => {
      const text = `${kind} of ${this.lease.run_id}`;
      await this.artifact(kind, text);
      return { digest: digestOf(text), size_bytes: text.length };
    };
    return { plan: await put("plan"), work: await put("work"), work_tree_digest: digestOf("tree"), lock_digest: digestOf("") };
  }

  async #complete(outcome: object): Promise<Answer> {
    return this.#post("complete", { last_sequence: this.#last, outcome });
  }

  async #post(what: string, body: object): Promise<Answer> {
    const held = { runner_id: this.#runner, epoch: this.lease.epoch };
    return this.#call("POST", `/api/runner/runs/${this.lease.run_id}/${what}`, { body: { ...held, ...body } });
  }
}

/** A runner that speaks the protocol and executes nothing. */
export class ProtocolRunner {
  readonly id: string;
  readonly #call: ReturnType<typeof caller>;

  private constructor(call: ReturnType<typeof caller>, id: string) {
    this.#call = call;
    this.id = id;
  }

  static async open({ url, runnerToken }: Pick<World, "url" | "runnerToken">, api = 0): Promise<ProtocolRunner> {
    const call = caller(url(api), runnerToken);
    const sandbox = { kind: "none", not_isolated: [] };
    const body = { instance: `protocol-${randomUUID()}`, name: "protocol", version: "0", slots: 16, tools, sandbox };
    const answer = await call("POST", "/api/runner/register", { body });
    if (answer.status !== 200) throw new Error(`register: ${answer.status} ${JSON.stringify(answer.body)}`);
    return new ProtocolRunner(call, answer.body.runner.id);
  }

  /** The next Run; null where none came in time. */
  async claim(waitSeconds = 0): Promise<Held | null> {
    const answer = await this.#call("POST", "/api/runner/claim", { body: { runner_id: this.id, wait_seconds: waitSeconds, tools } });
    if (answer.status !== 200) throw new Error(`claim: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.lease && new Held(this.#call, this.id, answer.body.lease);
  }
}
