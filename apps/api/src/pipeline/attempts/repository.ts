import type { Queries } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

/** By the primary key. The clock is the database's: processes have none in common. */
const count = statement(
  "attempt_count",
  `INSERT INTO attempts AS a (key, minute) VALUES ($1, date_trunc('minute', now())) ON CONFLICT (key, minute) DO UPDATE SET count = a.count + 1
   RETURNING count, 60 - extract(second FROM now())::float8 AS seconds_left`,
);
interface Counted {
  readonly count: number;
  /** Of this minute. */
  readonly seconds_left: number;
}
export const countAttempt = async (db: Queries, key: string): Promise<Counted> => (await db.one<Counted>(count, [key])) as Counted;

const soFar = statement(
  "attempts_so_far",
  "SELECT count, 60 - extract(second FROM now())::float8 AS seconds_left FROM attempts WHERE key = $1 AND minute = date_trunc('minute', now())",
);
/** What was counted in this minute, without counting; null for nothing. */
export const countedSoFar = (db: Queries, key: string) => db.one<Counted>(soFar, [key]);

const forget = statement("attempts_forget", "DELETE FROM attempts WHERE minute < now() - interval '1 hour'");
export const forgetAttempts = (db: Queries) => db.query(forget);
