/** How a process speaks with its database. Times are in milliseconds. */
export interface DbSettings {
  readonly url: string;
  /** Connections at most, not counting the one that listens. */
  readonly poolSize: number;
  /** How long a call waits for a database that is away, or for a free connection. */
  readonly waitMs: number;
  /** Calls that may wait at once; one more is refused at once. */
  readonly waitersMax: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
  /** How long `close` waits for transactions that are still open. */
  readonly closeGraceMs: number;
  /** Seen in pg_stat_activity. */
  readonly applicationName: string;
}

export const defaultSettings = {
  poolSize: 20,
  waitMs: 10_000,
  waitersMax: 10_000,
  // With the client's own half second no longer than a call waits for a database that is away.
  statementTimeoutMs: 9_500,
  lockTimeoutMs: 9_000,
  idleInTransactionTimeoutMs: 30_000,
  closeGraceMs: 5_000,
  applicationName: "takosumi",
} as const satisfies Omit<DbSettings, "url">;
