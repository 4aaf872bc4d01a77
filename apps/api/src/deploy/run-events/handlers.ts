import { runEvents } from "@takosumi/contracts/deploy/run-events";
import type { RunRow } from "@takosumi/db/rows";
import type { EventBatch } from "@takosumi/run-engine/event-feed";
import type { ListedBatch } from "@takosumi/run-engine/workspace-feed";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { resumeAfter } from "./resume.ts";
import { listedOf, recordOf, sentOf } from "./shown.ts";
import { socketMessages } from "./socket.ts";

async function* mapped<In, Out>(batches: AsyncIterable<In>, form: (batch: In) => Out): AsyncGenerator<Out> {
  for await (const batch of batches) yield form(batch);
}

/** Four readers of one log of events, and one of a Workspace's list. */
export const runEventHandlers = ({ engine }: Pick<Resources, "engine">) => {
  const page = async (run: RunRow, after: number, limit: number) => ({
    events: (await engine.events(run.id, after, limit)).map(recordOf),
    run_status: run.status,
  });
  return implement(runEvents, {
    list: ({ run, input }) => page(run, resumeAfter(run, "last_event_id", input.last_event_id), input.limit),
    replay: ({ run, input }) =>
      page(
        run,
        input.after === undefined ? resumeAfter(run, "last_event_id", input.last_event_id) : resumeAfter(run, "after", input.after),
        input.limit,
      ),
    sse: async ({ run, input, after, signal }) => {
      const seen = after === null ? resumeAfter(run, "last_event_id", input.last_event_id) : resumeAfter(run, "last-event-id", after);
      const batches = await engine.follow(run, seen, signal);
      return batches && mapped<EventBatch, ReturnType<typeof sentOf>>(batches, sentOf);
    },
    ws: async ({ run, input, messages, signal, request_id }) => {
      const after = resumeAfter(run, "last_event_id", input.last_event_id);
      const batches = await engine.follow(run, after, signal);
      return socketMessages({ run_id: run.id, connection_id: request_id, after, batches, asked: messages, signal });
    },
    feed: ({ workspace, signal }) =>
      mapped<ListedBatch, ReturnType<typeof listedOf>>(engine.followWorkspace(workspace.id, signal), listedOf),
  });
};
