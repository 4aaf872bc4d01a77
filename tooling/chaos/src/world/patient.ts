import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Answer, Call } from "@takosumi/testkit/call";

const patienceMs = 90_000;
const againMs = 100;

/**
 * A client as they should be: a request whose answer was lost, or that was told to come later, is sent again under the same
 * Idempotency-Key until it is answered. So whatever it was told is an acknowledgement.
 */
export const patient =
  (call: Call): Call =>
  async (method, path, options = {}) => {
    const headers = method === "POST" ? { "idempotency-key": randomUUID(), ...options.headers } : { ...options.headers };
    const until = performance.now() + patienceMs;
    for (;;) {
      const answer = await call(method, path, { ...options, headers }).catch((error: unknown) => error);
      if (isAnswer(answer) && answer.status !== 503) return answer;
      if (performance.now() > until) throw new Error(`${method} ${path} is not answered`, { cause: answer });
      await pause(againMs);
    }
  };

const isAnswer = (value: unknown): value is Answer => typeof (value as Answer | null)?.status === "number";
