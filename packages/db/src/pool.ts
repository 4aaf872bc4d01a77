import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { columnTypes } from "./column-types.ts";
import { DatabaseUnavailable } from "./errors.ts";
import { connectionLost, understood } from "./failure.ts";
import type { DbSettings } from "./settings.ts";

type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, release: (broken?: Error | boolean) => void) => void;
const ignored = () => {};

/** A pool that waits for a database that is away, for as long as the settings say; then DatabaseUnavailable. Never forever. */
export class WaitingPool extends pg.Pool {
  readonly #settings: DbSettings;
  readonly #leased = new Set<pg.PoolClient>();
  #waiting = 0;

  constructor(settings: DbSettings) {
    super({
      connectionString: settings.url,
      max: settings.poolSize,
      connectionTimeoutMillis: settings.waitMs,
      idleTimeoutMillis: 60_000,
      statement_timeout: settings.statementTimeoutMs,
      lock_timeout: settings.lockTimeoutMs,
      idle_in_transaction_session_timeout: settings.idleInTransactionTimeoutMs,
      // The client's own clock, for a network that swallows everything, and a database that is stopped.
      query_timeout: settings.statementTimeoutMs + 500,
      keepAlive: true,
      application_name: settings.applicationName,
      types: columnTypes,
    });
    this.#settings = settings;
    // Without a listener a connection that breaks would end the process; whoever uses it learns it from their query.
    this.on("error", ignored);
    this.on("connect", (client) => client.on("error", ignored));
    this.on("acquire", (client) => this.#leased.add(client));
    this.on("release", (_, client) => this.#leased.delete(client));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(connected: Connected): void;
  override connect(connected?: Connected): Promise<pg.PoolClient> | undefined {
    const client = this.#connect();
    if (!connected) return client;
    client.then(
      (got) => connected(undefined, got, (broken) => got.release(broken)),
      (error) => connected(error, undefined, ignored),
    );
    return undefined;
  }

  /** One attempt within `limitMs`. */
  async connectWithin(limitMs: number): Promise<pg.PoolClient> {
    const attempt = super.connect();
    const clock = new AbortController();
    const late = pause(limitMs, undefined, { signal: clock.signal, ref: false }).then(
      () => {
        attempt.then((client) => client.release(), ignored);
        throw new DatabaseUnavailable("The database did not answer in time");
      },
      () => attempt,
    );
    try {
      return await Promise.race([attempt, late]);
    } finally {
      clock.abort();
    }
  }

  /** Ends every connection: idle ones at once, busy ones when done, and after `graceMs` in any case. */
  async close(graceMs: number): Promise<void> {
    const clock = new AbortController();
    const late = pause(graceMs, undefined, { signal: clock.signal }).then(() => {
      for (const client of this.#leased)
        (client as pg.PoolClient & { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    }, ignored);
    await Promise.race([this.end(), late]);
    clock.abort();
  }

  async #connect(): Promise<pg.PoolClient> {
    const { waitMs, waitersMax } = this.#settings;
    if (this.#waiting >= waitersMax) throw new DatabaseUnavailable(`${waitersMax} calls wait for the database already`);
    this.#waiting++;
    try {
      const deadline = performance.now() + waitMs;
      return await super.connect().catch((error) => this.#again(error, deadline));
    } catch (error) {
      throw understood(error);
    } finally {
      this.#waiting--;
    }
  }

  async #again(first: unknown, deadline: number): Promise<pg.PoolClient> {
    let error = first;
    for (let wait = 20; connectionLost(error); wait = Math.min(wait * 2, 500)) {
      const left = deadline - performance.now();
      if (left <= 0)
        throw new DatabaseUnavailable(`No connection to the database within ${this.#settings.waitMs / 1000} s`, { cause: error });
      await pause(Math.min(wait, left));
      try {
        return await this.connectWithin(Math.max(deadline - performance.now(), 50));
      } catch (again) {
        error = again instanceof DatabaseUnavailable ? first : again;
      }
    }
    throw error;
  }
}
