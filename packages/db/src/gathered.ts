import type { Queries } from "./db.ts";
import { statement } from "./sql.ts";

/** Keys of one statement. */
const most = 100;
type Waiting<Row> = Map<string, PromiseWithResolvers<Row | null>>;

/**
 * Looks rows up by one key each: what is asked for in the same turn of the event loop is one statement, sent after the last of it was
 * called for, so that its answer is never older than the call. `found` is a query by `asked.key` that finds one row or none; keys hold no
 * space. It is planned once: neither does the number of keys show in a plan, nor is anything but an index considered for one of them.
 */
export function gathered<Row extends object>(name: string, found: string) {
  const many = statement(
    name,
    `SELECT asked.key, found.* FROM string_to_table($1, ' ') AS asked (key), LATERAL (${found} LIMIT 1) AS found`,
  );
  const waiting = new WeakMap<Queries, Waiting<Row>>();
  const send = async (db: Queries, asked: Waiting<Row>): Promise<void> => {
    try {
      const rows = await db.query<Row & { readonly key: string }>(many, [[...asked.keys()].join(" ")]);
      const byKey = new Map(rows.map((row) => [row.key, row]));
      for (const [key, { resolve }] of asked) resolve(byKey.get(key) ?? null);
    } catch (error) {
      for (const { reject } of asked.values()) reject(error);
    }
  };
  return (db: Queries, key: string): Promise<Row | null> => {
    let asked = waiting.get(db);
    if (!asked || (asked.size >= most && !asked.has(key))) {
      const begun: Waiting<Row> = new Map();
      asked = begun;
      waiting.set(db, begun);
      setImmediate(() => {
        if (waiting.get(db) === begun) waiting.delete(db);
        void send(db, begun);
      });
    }
    const held = asked.get(key) ?? Promise.withResolvers<Row | null>();
    asked.set(key, held);
    return held.promise;
  };
}
