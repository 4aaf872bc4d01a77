import { sessions } from "@takosumi/contracts/identity/sessions";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { readAccount } from "../account/repository.ts";
import { endOtherSessions, endSession, listSessions, type OwnSession } from "./repository.ts";
import { shownSession } from "./service.ts";

export const sessionHandlers = ({ db }: Pick<Resources, "db">) =>
  implement(sessions, {
    list: async ({ input, principal }) => {
      const rows = await listSessions(db, principal.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { sessions: page.rows.map(shownSession(principal.token_id)), next_cursor: page.next_cursor };
    },
    remove: async ({ session, write }) => {
      await write(async (tx) => (await endSession(tx, session.id)) as OwnSession, { metadata: { kind: session.kind } });
    },
    removeOthers: async ({ principal, write }) => {
      let ended = 0;
      await write(
        async (tx) => {
          ended = await endOtherSessions(tx, principal.id, principal.token_id ?? "");
          return readAccount(tx, principal.id);
        },
        () => ({ metadata: { ended } }),
      );
      return { ended };
    },
  });
