import { z } from "zod";
import { session } from "../access.ts";
import { del, family, get } from "../define.ts";
import { nextCursor, nothing, opaqueId, paging, timestamp } from "../fields.ts";
import { sessionExample } from "./examples/account.ts";

/** Somewhere that the account is signed in. */
export const Session = z
  .object({
    id: opaqueId,
    /** `cli` and `external` hold a token of their own, that was made in a browser session. */
    kind: z.enum(["browser", "cli", "external"]),
    method: z.enum(["password", "code", "oidc", "session"]),
    /** The session that asks. */
    current: z.boolean(),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    created_at: timestamp,
    /** To the minute. */
    last_used_at: timestamp,
    expires_at: timestamp,
  })
  .meta({ id: "Session", examples: [sessionExample] });

export const sessions = family(
  "sessions",
  { context: "identity", about: "Where the account is signed in. A session lasts seven days." },
  {
    list: get("/api/me/sessions", {
      summary: "One's own sessions that are open, the newest first",
      access: session,
      query: z.object(paging),
      output: z.object({ sessions: z.array(Session), ...nextCursor }),
    }),
    remove: del("/api/me/sessions/:id", {
      summary: "End a session",
      access: session({ session: "id" }),
      audit: "session.ended",
      output: nothing,
      status: 204,
    }),
    removeOthers: del("/api/me/sessions", {
      summary: "End every session but this one",
      access: session,
      audit: "session.others_ended",
      output: z.object({ ended: z.int() }).meta({ examples: [{ ended: 2 }] }),
    }),
  },
);
