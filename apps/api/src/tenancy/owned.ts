import { ApiError } from "@takosumi/contracts/errors";
import type { Queries } from "@takosumi/db/db";
import { type Nested, ownedIds } from "./nested/repository.ts";

/** An id somewhere inside a body, and the path of the field that holds it: "variables.0.secret_id". */
export interface NestedId {
  readonly path: string;
  readonly entity: Nested;
  readonly id: string;
}

/**
 * Makes sure that ids inside a body name rows of this Workspace. Missing and foreign alike are NOT_FOUND naming the field.
 * One read per kind of row; inside a transaction hand in its `tx`.
 */
export async function ownedIn(db: Queries, workspaceId: string, ids: readonly NestedId[]): Promise<void> {
  const fields: { path: string; message: string }[] = [];
  for (const [entity, named] of Map.groupBy(ids, (one) => one.entity)) {
    const owned = await ownedIds(db, entity, workspaceId, [...new Set(named.map(({ id }) => id))]);
    for (const { path, id } of named) if (!owned.has(id)) fields.push({ path, message: `There is no such ${entity}` });
  }
  if (fields.length === 0) return;
  throw new ApiError("NOT_FOUND", fields.map(({ path, message }) => `${path}: ${message}`).join("; "), { fields });
}
