import type { Queries } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

/** By the primary key. The clock is the database's: processes have none in common. */
const count = statement(
  "attempt_count",
  `INSERT INTO attempts AS a (key, minute) VALUES ($1, date_trunc('minute', now())) ON CONFLICT (key, minute) DO UPDATE SET count = a.count + 1
   RETURNING count, 60 - extract(second FROM now())::float8 AS seconds_left`,
);
export const countAttempt = async (db: Queries, key: string) =>
  (await db.one<{ readonly count: number; readonly seconds_left: number }>(count, [key])) as {
    readonly count: number;
    readonly seconds_left: number;
  };

const forget = statement("attempts_forget", "DELETE FROM attempts WHERE minute < now() - interval '1 hour'");
export const forgetAttempts = (db: Queries) => db.query(forget);
