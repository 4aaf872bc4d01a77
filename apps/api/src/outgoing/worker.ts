import { setTimeout as pause } from "node:timers/promises";
import type { Db } from "@takosumi/db/db";

interface Outgoing<Row> {
  /** Told at the commit of something that is to be sent. */
  readonly channel: string;
  /** How many are on their way at once from this process. */
  readonly atOnce: number;
  /** At most so many rows that are due, each leased: if this process dies they are due again later. */
  claim(most: number): Promise<readonly Row[]>;
  /** Sends one and writes down what became of it. */
  send(row: Row): Promise<void>;
  onError(error: unknown): void;
}

/** How long a row that became due without a notice waits at most: a retry, or one that another process left. */
const pollMs = 5_000;
/** What is under way gets this long at the end; then its lease runs out, and another process sends it. */
const closeMs = 3_000;

/** Sends what is due in a queue of the database until it is closed. Any number of processes may do it at once. */
export async function openWorker<Row>(db: Pick<Db, "listen">, work: Outgoing<Row>): Promise<{ close(): Promise<void> }> {
  const sending = new Set<Promise<void>>();
  let closed = false;
  let woken = false;
  let wake = () => {};
  const nudge = () => {
    woken = true;
    wake();
  };
  const listening = await db.listen(work.channel, nudge, nudge);

  const begin = (row: Row) => {
    const sent = work
      .send(row)
      .catch(work.onError)
      .finally(() => {
        sending.delete(sent);
        nudge();
      });
    sending.add(sent);
  };
  const rest = () =>
    new Promise<void>((resolve) => {
      if (woken || closed) return resolve();
      const timer = setTimeout(resolve, pollMs);
      timer.unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const rounds = async () => {
    while (!closed) {
      woken = false;
      const free = work.atOnce - sending.size;
      if (free > 0) {
        const rows = await work.claim(free).catch((error: unknown) => {
          work.onError(error);
          return [];
        });
        for (const row of rows) begin(row);
        if (rows.length > 0) continue;
      }
      await rest();
    }
  };
  const running = rounds();
  return {
    async close() {
      closed = true;
      wake();
      await listening.close();
      await running;
      await Promise.race([Promise.all(sending), pause(closeMs, undefined, { ref: false })]);
    },
  };
}
