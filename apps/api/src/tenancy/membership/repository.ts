import type { Role } from "@takosumi/contracts/access";
import { statement } from "@takosumi/db/sql";
import type { Locator, Rows } from "../../world.ts";

/** Entities whose row says by `workspace_id` which Workspace it belongs to. */
type Owned = { [E in keyof Rows]: Rows[E] extends { readonly workspace_id: string } ? E : never }[keyof Rows];

/**
 * The locator of a table with `id` and `workspace_id`: one look-up by key, one of the membership, in one statement, so that a foreign row
 * never leaves the database. `and` narrows further and calls the row `located`: "located.deleted_at IS NULL"; `more` are further columns.
 */
export function locatorOf<E extends Owned>(entity: E, table: string, and = "true", more = ""): Locator<E> {
  const find = statement(
    `${entity}_locate`,
    `SELECT located.*, member.role AS reader_role ${more}
       FROM ${table} located JOIN members member ON member.workspace_id = located.workspace_id AND member.user_id = $2
      WHERE located.id = $1 AND ($3::text IS NULL OR located.workspace_id = $3) AND ${and}`,
  );
  return async (db, id, reader) => {
    if (id === undefined || !reader) return null;
    const found = await db.one<Rows[E] & { readonly reader_role: Role }>(find, [id, reader.id, reader.workspace_id ?? null]);
    if (!found) return null;
    const { reader_role: role, ...row } = found;
    return { row: row as unknown as Rows[E], role, workspace_id: row.workspace_id };
  };
}
