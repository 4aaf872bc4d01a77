import { ApiError } from "@takosumi/contracts/errors";

/** What a list is ordered by, and what its cursor therefore holds; a moment is in microseconds, with the id behind it. */
const keys = {
  id: /^[a-z]{2,8}_[0-9A-Za-z_-]{1,100}$/,
  sequence: /^(?:0|[1-9]\d{0,17})$/,
  moment: /^\d{1,17} [a-z]{2,8}_[0-9A-Za-z_-]{1,100}$/,
} as const;
export type PageKey = keyof typeof keys;

/** The key of the row that a page begins after; null for the first page. A cursor that was not made here is a BAD_REQUEST naming `cursor`. */
export function afterCursor(cursor: string | undefined, key: PageKey = "id"): string | null {
  if (cursor === undefined) return null;
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  if (Buffer.from(text, "latin1").toString("base64url") === cursor && keys[key].test(text)) return text;
  const message = "is not a cursor of this list: send back next_cursor exactly as it came, or leave it out";
  throw new ApiError("BAD_REQUEST", `cursor: ${message}`, { reason: "bad_cursor", fields: [{ path: "cursor", message }] });
}

/** Rows to ask the database for: one more than the page, which tells whether another page follows. */
export const fetchLimit = (limit: number): number => limit + 1;

/** The page of rows that were fetched with `fetchLimit(limit)`, and the cursor of the next one; null at the end. */
export function paged<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => string | number | bigint): Page<Row> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { rows: page, next_cursor: more ? Buffer.from(String(keyOf(last)), "latin1").toString("base64url") : null };
}
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next_cursor: string | null;
}
