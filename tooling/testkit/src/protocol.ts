import { newId, prefixes } from "@takosumi/contracts/ids";
import type { TestApi } from "./api.ts";
import { caller } from "./call.ts";

const tools = [{ name: "opentofu", version: "1.12.6" }] as const;

export interface HeldRun {
  readonly run_id: string;
  readonly epoch: number;
  /** Appends events, the next ones in order. */
  events(events: readonly object[]): Promise<void>;
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
        async fail(code = "TEST") {
          const error = { code, message: "a test says so", details: null };
          const outcome = { result: "failed", tool: null, error, diagnostics: [], state: null, summary: null, duration_ms: 1 };
          await said(`/runs/${lease.run_id}/complete`, { ...held, last_sequence: last, outcome });
        },
      };
    },
  };
}
