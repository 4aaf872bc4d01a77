import { nameProblem } from "@takosumi/contracts/identity/names";
import { setup } from "@takosumi/contracts/identity/setup";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { readAccount } from "../account/repository.ts";
import { endSetup } from "../account/service.ts";
import { isTaken } from "../names/repository.ts";

export const setupHandlers = ({ db }: Pick<Resources, "db">) =>
  implement(setup, {
    status: async ({ principal }) => {
      const { setup_completed_at, username, email, name } = await readAccount(db, principal.id);
      return { setup_completed: setup_completed_at !== null, username, email, name };
    },
    complete: async ({ input, principal, write }) => {
      const { username } = await write(
        (tx) => endSetup(tx, principal.id, input.username),
        (row) => ({ metadata: { username: row.username } }),
      );
      return { success: true, username };
    },
    checkUsername: async ({ input, principal }) => {
      const name = input.username.trim().replace(/^@/, "");
      const problem = nameProblem(name);
      if (problem) return { available: false, error: problem };
      const taken = await isTaken(db, name.toLowerCase(), principal.id);
      return taken ? { available: false, error: "is taken" } : { available: true };
    },
  });
