import type { TestApi } from "./api.ts";
import type { Answer } from "./call.ts";
import { ProtocolRunner, taken } from "./held-run.ts";

/** A Run that a test's own runner holds. What is refused throws, but for what is asked. */
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
export async function protocolRunner(api: Pick<TestApi, "url" | "runnerToken">) {
  const runner = await ProtocolRunner.open(api.url, api.runnerToken);
  return {
    id: runner.id,
    async claim(): Promise<HeldRun> {
      const held = await runner.claimed(20);
      return {
        run_id: held.lease.run_id,
        epoch: held.lease.epoch,
        events: async (events) => void taken(await held.events(events)),
        ask: (what, body) => held.ask(what, body),
        planned: async () => void taken(await held.planned({ summary: { add: 1 } })),
        fail: async (code) => void taken(await held.fail(code)),
      };
    },
  };
}
