import { createHash } from "node:crypto";
import { newId, prefixes } from "@takosumi/contracts/ids";
import type { TestApi } from "./api.ts";
import { type Answer, caller } from "./call.ts";

const tools = [{ name: "opentofu", version: "1.12.6" }] as const;

const summary = { add: 1, change: 0, destroy: 0, import: 0, move: 0, forget: 0 };
const digestOf = (bytes: string | Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

export interface HeldRun {
  readonly run_id: string;
  readonly epoch: number;
  /** Appends events, the next ones in order. */
  events(events: readonly object[]): Promise<void>;
  /** Any call of the lease, as it is answered; `body` may say another runner or epoch. */
  ask(what: string, body?: object): Promise<Answer>;
  /** Ends the Run as a plan with one resource to create. */
  planned(): Promise<void>;
  /** Ends the Run as failed with this code. */
  fail(code?: string): Promise<void>;
}

/** A runner that is only the protocol: it executes nothing, and says what a test wants said. */
export async function protocolRunner(api: Pick<TestApi, "url" | "runnerToken">, url = api.url) {
  const call = caller(url, api.runnerToken);
  const said = async (path: string, body: object) => {
    const answer = await call("POST", `/api/runner${path}`, { body });
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const instance = newId(prefixes.runner);
  const { runner } = await said("/register", {
    instance,
    name: "protocol",
    version: "0",
    slots: 4,
    tools,
    sandbox: { kind: "none", not_isolated: [] },
  });
  return {
    id: runner.id as string,
    async claim(): Promise<HeldRun> {
      const { lease } = await said("/claim", { runner_id: runner.id, wait_seconds: 20, tools });
      if (!lease) throw new Error("There is nothing to claim");
      const held = { runner_id: runner.id, epoch: lease.epoch };
      let last = lease.last_sequence as number;
      return {
        run_id: lease.run_id,
        epoch: lease.epoch,
        async events(events) {
          await said(`/runs/${lease.run_id}/events`, { ...held, first: last + 1, events });
          last += events.length;
        },
        ask: (what, body = {}) => call("POST", `/api/runner/runs/${lease.run_id}/${what}`, { body: { ...held, ...body } }),
        async planned() {
          const put = async (kind: string) => {
            const raw = Buffer.from(`${kind} of ${lease.run_id}`);
            const digest = digestOf(raw);
            const at = `/api/runner/runs/${lease.run_id}/artifacts/${kind}?runner_id=${runner.id}&epoch=${lease.epoch}&digest=${digest}`;
            const answer = await call("PUT", at, { raw, headers: { "content-type": "application/octet-stream" } });
            if (answer.status !== 200) throw new Error(`The upload answered ${answer.status}: ${JSON.stringify(answer.body)}`);
            return { digest, size_bytes: raw.length };
          };
          const [plan, work] = [await put("plan"), await put("work")];
          const artifacts = { plan, work, work_tree_digest: digestOf("tree"), lock_digest: digestOf("") };
          const shown = { has_changes: true, summary, resource_changes: [], drift: [], output_changes: [], checks: [] };
          const tool = { ...tools[0], digest: digestOf("tool") };
          const outcome = { result: "planned", tool, plan: shown, diagnostics: [], artifacts };
          await said(`/runs/${lease.run_id}/complete`, { ...held, last_sequence: last, outcome });
        },
        async fail(code = "TEST") {
          const error = { code, message: "a test says so", details: null };
          const outcome = { result: "failed", tool: null, error, diagnostics: [], state: null, summary: null, duration_ms: 1 };
          await said(`/runs/${lease.run_id}/complete`, { ...held, last_sequence: last, outcome });
        },
      };
    },
  };
}
