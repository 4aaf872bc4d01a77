import type { StateVersionRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db } from "../../world.ts";

// Plan: state_versions_pkey.
const current = statement("state_outputs", `SELECT outputs FROM state_versions WHERE id = $1`);
export const outputsOf = async (db: Db, stateVersionId: string): Promise<StateVersionRow["outputs"] | null> =>
  (await db.one<Pick<StateVersionRow, "outputs">>(current, [stateVersionId]))?.outputs ?? null;
