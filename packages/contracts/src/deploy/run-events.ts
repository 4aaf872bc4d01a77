import { z } from "zod";
import { can } from "../access.ts";
import { events, family, get, socket } from "../define.ts";
import { count, opaqueId, timestamp, workspaceId } from "../fields.ts";
import { RunnerEvent } from "../runner/events.ts";
import { eventRecordExample, listedRunExample, runEventExample } from "./examples/run-event.ts";
import { RunKind, RunPhase, RunStatus } from "./run.ts";

const byId = { run: "id" } as const;
const sequence = z.coerce.number<number>().int().min(0).max(Number.MAX_SAFE_INTEGER);
const problem = z.object({ code: z.string(), message: z.string() });

/** What happened to the Run itself. */
const StatusEvent = z.object({
  type: z.literal("status"),
  at: timestamp,
  status: RunStatus,
  phase: RunPhase.nullable(),
  error: problem.nullable(),
});
/** One entry of a Run's log of events, as a stream sends it. */
export const RunEvent = z.discriminatedUnion("type", [...RunnerEvent.options, StatusEvent]).meta({ examples: [runEventExample] });
export type RunEvent = z.infer<typeof RunEvent>;

/** The same as a stored record: `data` is its payload as JSON text. */
const EventRecord = z
  .object({
    id: z.int(),
    event_id: z.string(),
    run_id: opaqueId,
    type: z.string(),
    data: z.string(),
    created_at: timestamp,
  })
  .meta({ examples: [eventRecordExample] });
const page = z.object({ events: z.array(EventRecord), run_status: RunStatus });
const paging = { last_event_id: sequence.optional(), limit: count(1_000).default(500) };

const SocketMessage = z
  .union([
    z.object({ type: z.literal("connected"), data: z.object({ connectionId: z.string(), lastEventId: z.int() }) }),
    z.object({ type: z.literal("subscribed"), data: z.object({ runId: opaqueId }) }),
    z.object({ type: z.literal("error"), data: z.object({ message: z.string() }) }),
    z.object({ type: z.literal("heartbeat"), timestamp: z.int() }),
    z.object({ type: z.literal("end") }),
    z.object({ type: z.string(), data: RunEvent, eventId: z.int(), event_id: z.string(), created_at: timestamp }),
  ])
  .meta({
    examples: [{ type: "log", data: runEventExample, eventId: 7, event_id: "7", created_at: runEventExample.at }],
  });
/** A Run of a list as it is now. */
const ListedRun = z
  .object({
    type: z.enum(["run", "resync"]),
    run: z
      .object({
        id: opaqueId,
        workspace_id: opaqueId,
        project_id: opaqueId,
        capsule_id: opaqueId,
        kind: RunKind,
        status: RunStatus,
        phase: RunPhase.nullable(),
        updated_at: timestamp,
      })
      .nullable(),
  })
  .meta({ examples: [listedRunExample] });

const resumes = "A reader that sends the last id that it saw gets exactly what followed it; without one it gets everything from the start.";

export const runEvents = family(
  "runEvents",
  { context: "deploy", about: "The log of events of a Run, and its readers: one order, no gap, no duplicate." },
  {
    list: get("/api/runs/:id/events", {
      summary: "Events of a Run after one of them, in order",
      access: can("run:read", byId),
      query: z.object(paging),
      output: page,
    }),
    replay: get("/api/runs/:id/replay", {
      summary: "The same as events, for clients that resume with `after`",
      access: can("run:read", byId),
      query: z.object({ ...paging, after: sequence.optional() }),
      output: page,
    }),
    sse: events("/api/runs/:id/sse", {
      summary: "Events of a Run as they happen, as Server-Sent Events",
      about: `${resumes} \`event: end\` follows the last event of a Run; a reader that comes back after it gets 204.`,
      access: can("run:read", byId),
      query: z.object({ last_event_id: sequence.optional() }),
      emits: RunEvent,
    }),
    ws: socket("/api/runs/:id/ws", {
      summary: "Events of a Run as they happen, over a WebSocket",
      about: `${resumes} The text \`ping\` is answered \`pong\`.`,
      access: can("run:read", byId),
      query: z.object({ last_event_id: sequence.optional() }),
      emits: SocketMessage,
      receives: z.strictObject({ type: z.literal("subscribe"), runId: opaqueId }),
    }),
    feed: events("/api/runs/sse", {
      summary: "Runs of a Workspace whenever one of them changes, for lists and counts",
      about: "There is no history: read the list, then follow. `resync` means that changes may have been missed: read the list again.",
      access: can("run:read", { workspace: "workspace_id" }),
      query: z.object({ workspace_id: workspaceId.optional() }),
      emits: ListedRun,
    }),
  },
);
