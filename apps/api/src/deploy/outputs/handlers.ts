import { type Output, outputs } from "@takosumi/contracts/deploy/outputs";
import type { z } from "zod";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { outputsOf } from "./repository.ts";

type Stored = z.infer<typeof Output>;

export const outputHandlers = ({ db }: Pick<Resources, "db">) =>
  implement(outputs, {
    list: async ({ capsule: { current_state_version_id: id } }) => {
      const stored = id === null ? [] : (((await outputsOf(db, id)) ?? []) as readonly Stored[]);
      return { outputs: stored.map(shown), state_version_id: id };
    },
  });

/** A sensitive value is masked here too, whatever was stored. */
const shown = ({ name, type, value, sensitive }: Stored) => ({ name, type, value: sensitive ? null : value, sensitive });
