import type { Db, Listening } from "@takosumi/db/db";
import type { Streams } from "@takosumi/transport/streams";

/** "member <user> <workspace>" or "token <id>": whoever that was follows nothing there any more. A client that still may comes back. */
export function endStreamsOf(streams: Pick<Streams, "end">, payload: string): void {
  const [what, id, workspace] = payload.split(" ");
  if (what === "token") streams.end(({ token_id }) => token_id === id);
  if (what === "member") streams.end(({ principal_id, workspace_id }) => principal_id === id && workspace_id === workspace);
}

/** Ends open streams when their reader's access ends, on this replica or another. Where a notice may have been lost, all end and come back. */
export const watchAccess = (db: Pick<Db, "listen">, streams: Pick<Streams, "end">): Promise<Listening> =>
  db.listen(
    "takosumi_access",
    (payload) => endStreamsOf(streams, payload),
    () => void streams.end(() => true),
  );
