import type pg from "pg";
import { connectionLost, planIsStale, understood } from "./failure.ts";
import type { WaitingPool } from "./pool.ts";
import { execute } from "./prepared-query.ts";
import type { Statement } from "./sql.ts";

/** What is done with a connection: `done` gives it back, `kept` leaves it with the result. */
type Outcome<T> = { readonly done: T } | { readonly kept: T };

/**
 * Does something with a connection of the pool. A lost connection is replaced and the work done again only where that is `repeatable`,
 * or where the database said that it executed nothing.
 */
export async function leased<T>(
  pool: WaitingPool,
  waitMs: number,
  repeatable: boolean,
  work: (client: pg.PoolClient) => Promise<Outcome<T>>,
): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const client = await pool.connect();
    try {
      const outcome = await work(client);
      if ("kept" in outcome) return outcome.kept;
      client.release();
      return outcome.done;
    } catch (error) {
      const again = planIsStale(error) || (repeatable && connectionLost(error));
      client.release(again || connectionLost(error));
      if (!again || performance.now() >= deadline) throw understood(error);
    }
  }
}

/** One statement outside a transaction. */
export const queryOn = <Row extends object>(
  pool: WaitingPool,
  waitMs: number,
  statement: Statement,
  values: readonly unknown[] = [],
): Promise<Row[]> => leased(pool, waitMs, statement.reads, async (client) => ({ done: await execute<Row>(client, statement, values) }));
