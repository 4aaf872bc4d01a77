import type { Actor } from "@takosumi/contracts/deploy/run";
import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import type { SourceRow } from "@takosumi/db/rows";
import type { Tx } from "../../world.ts";
import { keepSnapshot } from "../snapshots/repository.ts";
import type { StoredArchive } from "./archive.ts";
import { deleteSource, holdSource, insertSource, usersOfSource } from "./repository.ts";

/** Capsules named where a source is in use. */
const named = 10;

export async function createSource(tx: Tx, workspace_id: string, stored: StoredArchive, actor: Actor): Promise<SourceRow> {
  const { digest, size_bytes, paths, file_count, ignored_count } = stored;
  const snapshot_id = await keepSnapshot(tx, { id: newId("snap_"), workspace_id, origin: "upload", digest, size_bytes, paths });
  return insertSource(tx, { id: newId("src_"), workspace_id, snapshot_id, digest, size_bytes, file_count, ignored_count, actor });
}

/** Its snapshot stays: Runs that were made of it show and use it. */
export async function removeSource(tx: Tx, id: string): Promise<SourceRow> {
  const held = await holdSource(tx, id);
  if (!held) throw new ApiError("NOT_FOUND", "There is no such source");
  const users = await usersOfSource(tx, id, named + 1);
  if (users.length > 0) {
    const names = users.slice(0, named).map(({ name }) => name);
    const more = users.length > named ? " and others" : "";
    throw new ApiError("CONFLICT", `The source is used by ${names.join(", ")}${more}: give them another one first`, {
      reason: "in_use",
      capsules: users.slice(0, named),
    });
  }
  await deleteSource(tx, id);
  return held;
}
