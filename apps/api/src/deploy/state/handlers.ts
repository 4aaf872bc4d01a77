import { state } from "@takosumi/contracts/deploy/state";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { type ListedState, listStates } from "./repository.ts";

export const stateHandlers = ({ db }: Pick<Resources, "db">) =>
  implement(state, {
    list: async ({ input, capsule }) => {
      const rows = await listStates(db, capsule.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { state_versions: page.rows.map(shown), next_cursor: page.next_cursor };
    },
  });

const shown = ({ created_at, ...row }: ListedState) => ({ ...row, created_at: created_at.toISOString() });
