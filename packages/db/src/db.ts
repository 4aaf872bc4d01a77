import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "../generated/client.ts";
import type { AuditHead } from "./audit.ts";
import { understood } from "./failure.ts";
import { Listener } from "./listener.ts";
import { WaitingPool } from "./pool.ts";
import { queryOn } from "./pooled-query.ts";
import { type DbSettings, defaultSettings } from "./settings.ts";
import type { Statement } from "./sql.ts";
import { begin } from "./transaction.ts";

export interface Queries {
  /** Every row. int8 is a number (an error beyond the safe integers), timestamptz a Date, jsonb parsed. */
  query<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
  /** The first row, or null. */
  one<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row | null>;
}

export interface Db extends Queries {
  /** For ordinary reads with optional filters. Hot reads and all writes are SQL. */
  readonly prisma: PrismaClient;
  /** A transaction whose end the caller decides. It must end: an idle one is cut off by the database. */
  begin(): Promise<OpenTx>;
  /** Commits when `work` resolves, rolls back when it rejects. Short, and never around a network call. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Resolves once listening. After its connection was lost and is back, `onReconnect` says so: what was sent meanwhile is lost, read again. */
  listen(channel: string, onNotify: (payload: string) => void, onReconnect?: () => void): Promise<Listening>;
  /** One round trip, without waiting for a database that is away: throws DatabaseUnavailable. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface Listening {
  close(): Promise<void>;
}

export interface Tx extends Queries {
  /** The name of this transaction, for logs. */
  readonly transaction: string;
  /** Sent when the transaction commits. The payload is at most 7,999 bytes. */
  notify(channel: string, payload: string): Promise<void>;
  /** Tells, once this is committed, how far a chain of the audit has come. */
  noteHead(head: AuditHead): void;
  /** Runs after the commit, never after a rollback. What it throws does not undo the commit. */
  afterCommit(effect: () => void): void;
}

export interface OpenTx extends Tx {
  commit(): Promise<void>;
  /** Harmless after an end. */
  rollback(): Promise<void>;
}

export interface OpenOptions extends Partial<DbSettings> {
  readonly url: string;
  /** Errors that belong to no call: a listener's callback or an effect after a commit that threw. */
  readonly onError?: (error: unknown) => void;
  /** Hears of every event that this process appended to the audit, once it is committed. */
  readonly onAuditHead?: (head: AuditHead) => void;
}

const pingMs = 2_000;

/** Opens the pool and proves that the database answers: waits for one that starts, then throws DatabaseUnavailable. */
export async function openDb({ onError = () => {}, onAuditHead = () => {}, ...given }: OpenOptions): Promise<Db> {
  const settings: DbSettings = { ...defaultSettings, ...given };
  const pool = new WaitingPool(settings);
  const listener = new Listener(settings, onError);
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  try {
    (await pool.connect()).release();
  } catch (error) {
    await pool.close(settings.closeGraceMs);
    throw error;
  }

  const db: Db = {
    prisma,
    query: (statement, values) => queryOn(pool, settings.waitMs, statement, values),
    one: async <Row extends object>(statement: Statement, values?: readonly unknown[]) =>
      (await db.query<Row>(statement, values))[0] ?? null,
    begin: () => begin(pool, settings.waitMs, { onError, onAuditHead }),
    async transaction(work) {
      const tx = await db.begin();
      try {
        const result = await work(tx);
        await tx.commit();
        return result;
      } catch (error) {
        await tx.rollback();
        throw error;
      }
    },
    listen: (channel, onNotify, onReconnect) => listener.listen(channel, onNotify, onReconnect),
    async ping() {
      try {
        const client = await pool.connectWithin(pingMs);
        try {
          await client.query({ text: "SELECT 1", query_timeout: pingMs } as { text: string });
        } catch (error) {
          client.release(true);
          throw error;
        }
        client.release();
      } catch (error) {
        throw understood(error);
      }
    },
    async close() {
      await listener.close();
      await prisma.$disconnect();
      await pool.close(settings.closeGraceMs);
    },
  };
  return db;
}
