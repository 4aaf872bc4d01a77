import type pg from "pg";
import type { AuditHead } from "./audit.ts";
import type { OpenTx } from "./db.ts";
import { DatabaseUnavailable } from "./errors.ts";
import { connectionLost, planIsStale, understood } from "./failure.ts";
import type { WaitingPool } from "./pool.ts";
import { leased } from "./pooled-query.ts";
import { execute } from "./prepared-query.ts";
import { type Statement, statement } from "./sql.ts";

/** What hears of transactions without being part of them. */
interface Hooks {
  readonly onError: (error: unknown) => void;
  readonly onAuditHead: (head: AuditHead) => void;
}

const sendNotify = statement("notify", "SELECT pg_notify($1, $2)");
let begun = 0;

/** One transaction on one connection, which goes back to the pool when it ends. Its statements run one after the other. */
class Transaction implements OpenTx {
  readonly transaction = `tx_${(++begun).toString(36)}`;
  readonly #client: pg.PoolClient;
  readonly #hooks: Hooks;
  readonly #effects: (() => void)[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #ended = false;
  #lost = false;

  constructor(client: pg.PoolClient, hooks: Hooks) {
    this.#client = client;
    this.#hooks = hooks;
  }

  query<Row extends object>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#send((client) => execute<Row>(client, statement, values));
  }

  async one<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row | null> {
    return (await this.query<Row>(statement, values))[0] ?? null;
  }

  async notify(channel: string, payload: string): Promise<void> {
    await this.query(sendNotify, [channel, payload]);
  }

  noteHead(head: AuditHead): void {
    this.afterCommit(() => this.#hooks.onAuditHead(head));
  }

  afterCommit(effect: () => void): void {
    this.#effects.push(effect);
  }

  async commit(): Promise<void> {
    let tag: string;
    try {
      tag = (await this.#send((client) => client.query("COMMIT"), true)).command;
    } catch (error) {
      if (error instanceof DatabaseUnavailable)
        throw new DatabaseUnavailable("The database went away during a commit: it may have happened or not", { cause: error });
      throw error;
    } finally {
      this.#release();
    }
    if (tag !== "COMMIT") throw new Error(`${this.transaction} had failed before its commit: nothing was written`);
    for (const effect of this.#effects) {
      try {
        effect();
      } catch (error) {
        this.#hooks.onError(error);
      }
    }
  }

  async rollback(): Promise<void> {
    if (this.#ended) return;
    // The database rolls back by itself what its connection leaves behind.
    await this.#send((client) => client.query("ROLLBACK"), true).catch(() => {
      this.#lost = true;
    });
    this.#release();
  }

  #send<T>(work: (client: pg.PoolClient) => Promise<T>, last = false): Promise<T> {
    if (this.#ended) return Promise.reject(new Error(`${this.transaction} has ended`));
    if (last) this.#ended = true;
    const sent = this.#turn
      .then(() => work(this.#client))
      .catch((error) => {
        if (connectionLost(error) || planIsStale(error)) this.#lost = true;
        throw understood(error);
      });
    this.#turn = sent.catch(() => {});
    return sent;
  }

  #release(): void {
    this.#client.release(this.#lost);
  }
}

/** BEGIN changes nothing, so a connection that turns out to be dead is replaced. */
export const begin = (pool: WaitingPool, waitMs: number, hooks: Hooks): Promise<OpenTx> =>
  leased(pool, waitMs, true, async (client) => {
    await client.query("BEGIN");
    return { kept: new Transaction(client, hooks) };
  });
