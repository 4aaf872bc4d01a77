import { ApiError } from "@takosumi/contracts/errors";
import { appendAuditAll } from "@takosumi/db/audit";
import type { WorkspaceRow } from "@takosumi/db/rows";
import { releaseName, takeName } from "../../identity/names/repository.ts";
import { systemActor as actor } from "../../pipeline/actor.ts";
import type { Db, Tx } from "../../world.ts";
import { findMember, memberOf, writeRole } from "../space-members/repository.ts";
import * as rows from "./repository.ts";

const named = 10;

/** Gone for its members at once, with its name held; its owner may restore it. */
export async function removeSpace(tx: Tx, id: string): Promise<WorkspaceRow> {
  const held = await rows.holdSpace(tx, id);
  if (held.kind === "personal")
    throw new ApiError("CONFLICT", "This is the space of your own: it lasts as long as the account", { reason: "owner" });
  const runs = await rows.openRuns(tx, id, named);
  if (runs.length > 0)
    throw new ApiError(
      "CONFLICT",
      `${runs.map((run) => `Run ${run.id} is ${run.status}`).join(", ")}: wait for their end, cancel or discard them`,
      {
        reason: "run_active",
        runs,
      },
    );
  const capsules = await rows.capsulesHolding(tx, id, named);
  if (capsules.length > 0)
    throw new ApiError("CONFLICT", `The Capsules ${capsules.map(({ name }) => name).join(", ")} hold resources: destroy them first`, {
      reason: "not_empty",
      capsules,
    });
  await releaseName(tx, held.slug);
  return rows.burySpace(tx, id);
}

/** With the members that it had, and under its name. */
export async function restoreSpace(tx: Tx, id: string): Promise<WorkspaceRow> {
  const held = await rows.holdSpace(tx, id);
  const name = held.deleted_at === null || held.purged_at !== null ? null : await rows.formerNameOf(tx, id);
  if (name === null)
    throw new ApiError("CONFLICT", "The space was restored or removed for good at the same moment", { reason: "lost_race" });
  if (!(await takeName(tx, name, id)))
    throw new ApiError("CONFLICT", `${name} is the name of another space by now`, { reason: "name_taken" });
  return rows.restoreSpace(tx, id, name);
}

/** One owner becomes an admin, another member the owner. */
export async function transferSpace(tx: Tx, id: string, from: string, username: string): Promise<WorkspaceRow> {
  const held = await rows.holdSpace(tx, id);
  if (held.kind === "personal") throw new ApiError("CONFLICT", "This is the space of your own: it is not given away", { reason: "owner" });
  const to = await findMember(tx, id, username);
  const message = "is no member of this space who could own it";
  if (!to || to.kind !== "user") throw new ApiError("NOT_FOUND", `username: ${message}`, { fields: [{ path: "username", message }] });
  if ((await memberOf(tx, id, from))?.role !== "owner")
    throw new ApiError("CONFLICT", "The space was transferred at the same moment", { reason: "lost_race" });
  if (to.id === from) throw new ApiError("CONFLICT", "You own this space already", { reason: "owner" });
  await writeRole(tx, id, from, "admin");
  await writeRole(tx, id, to.id, "owner");
  return rows.writeOwner(tx, id, to.id);
}

/** Destroys the keys of spaces that nobody restored in time; their audit stays. How many there were. */
export const purgeSpaces = (db: Db, most: number): Promise<number> =>
  db.transaction(async (tx) => {
    const ids = await rows.duePurges(tx, most);
    for (const id of ids) await rows.purgeSpace(tx, id);
    await appendAuditAll(
      tx,
      ids.map((id) => ({ workspace_id: id, actor, action: "workspace.purged", target: { type: "workspace", id }, metadata: {} })),
    );
    return ids.length;
  });
