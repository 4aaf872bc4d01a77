import { z } from "zod";
import { Diagnostic } from "../deploy/plan.ts";
import { RunPhase } from "../deploy/run.ts";
import { timestamp } from "../fields.ts";

const at = timestamp;
/** Most bytes of text in one log event, as a runner cuts it. */
export const logEventBytes = 32 * 1024;
/**
 * What a runner says while a Run goes on, already redacted. `log` is text of whole lines, in the order of the log; `partial` where the last
 * line goes on in the next one, because it is longer than an event.
 */
export const RunnerEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("phase"), at, name: RunPhase, state: z.enum(["started", "finished"]) }),
  z.object({ type: z.literal("log"), at, text: z.string().max(logEventBytes), partial: z.literal(true).optional() }),
  z.object({ type: z.literal("diagnostic"), at, diagnostic: Diagnostic }),
  z.object({
    type: z.literal("resource"),
    at,
    address: z.string().max(2_000),
    action: z.string().max(32),
    state: z.enum(["planned", "started", "progress", "completed", "errored"]),
    id: z.string().max(2_000).nullable(),
    elapsed_seconds: z.number().nullable(),
  }),
  z.object({
    type: z.literal("isolation"),
    at,
    sandbox: z.enum(["bubblewrap", "none"]),
    not_isolated: z.array(z.string().max(200)).max(20),
  }),
]);
export type RunnerEvent = z.infer<typeof RunnerEvent>;
/** Events of one batch, and bytes of its body. */
export const batchLimit = { events: 500, bytes: 1024 * 1024 } as const;
