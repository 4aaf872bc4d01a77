import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunnerEvent } from "@takosumi/contracts/runner/events";
import { createRedactor } from "@takosumi/redact/redactor";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { Cursor } from "./cursor.ts";
import { LogLines } from "./log-lines.ts";
import { Outbox } from "./outbox.ts";
import type { Hiding } from "./queue.ts";

const dirs: string[] = [];
const newDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), "outbox-test-"));
  dirs.push(dir);
  return dir;
};
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true });
});
const at = new Date(0).toISOString();
const line = (number: number): RunnerEvent => ({ type: "log", at, text: `line ${number}\n` });

/** The api's side: appends by the sequence of the first event, whatever is sent twice. */
class Store {
  readonly events: RunnerEvent[] = [];
  readonly batches: number[] = [];
  async take(first: number, texts: readonly string[]): Promise<{ last_sequence: number }> {
    if (first > this.events.length + 1) throw new Error("a gap");
    this.batches.push(texts.length);
    this.events.push(...texts.slice(this.events.length + 1 - first).map((text) => JSON.parse(text) as RunnerEvent));
    return { last_sequence: this.events.length };
  }
  get text(): string {
    return this.events.map((event) => (event.type === "log" ? event.text : `<${event.type}>`)).join("");
  }
}
const hidingNothing: Hiding = { json: (value) => value, cut: (text) => text.length };
class Killed extends Error {}
const nextTurn = () => new Promise((done) => setImmediate(done));
/** The last batch goes with the end of the Run. */
async function ended(store: Store, outbox: Outbox): Promise<void> {
  const last = await outbox.rest();
  if (last) await store.take(last.first, last.events);
}

describe("Outbox", () => {
  it("loses and doubles nothing when the runner dies before or after a batch arrived", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ batch: fc.nat(4), arrives: fc.boolean() }), { maxLength: 5 }), async (deaths) => {
        const store = new Store();
        const dir = newDir();
        const total = 40;
        for (let life = 0; ; life++) {
          const death = deaths[life];
          let sent = 0;
          let dead = false;
          const events = async (first: number, texts: readonly string[]) => {
            if (death && sent++ === death.batch) {
              if (death.arrives) await store.take(first, texts);
              dead = true;
              throw new Killed();
            }
            return store.take(first, texts);
          };
          const cursor = new Cursor(dir, store.events.length);
          const outbox = new Outbox({ events }, cursor, hidingNothing, 0);
          const from = cursor.places.out?.offset ?? 0;
          try {
            for (let number = from; number < total; number++) {
              await outbox.add(line(number), { name: "out", offset: number + 1 });
              // Every fifth is told before the next: batches end in different places.
              if (number % 5 === 4) while (!dead && !store.text.includes(`line ${number}\n`)) await nextTurn();
            }
            const last = await outbox.rest();
            if (last) await events(last.first, last.events);
            break;
          } catch (error) {
            if (!(error instanceof Killed)) throw error;
          }
        }
        expect(store.text).toBe(Array.from({ length: total }, (_, number) => `line ${number}\n`).join(""));
      }),
      { numRuns: 40 },
    );
  });

  it("keeps everything back while it is held, and hides by what is known when it is sent", async () => {
    const store = new Store();
    let secret = "";
    const outbox = new Outbox({ events: (first, texts) => store.take(first, texts) }, new Cursor(newDir(), 0), {
      ...hidingNothing,
      json: (value) => (secret ? JSON.parse(JSON.stringify(value).replaceAll(secret, "***")) : value),
    });
    const release = outbox.hold();
    await outbox.add({ type: "log", at, text: "hunter22\n" });
    await nextTurn();
    expect(store.events).toEqual([]);
    secret = "hunter22";
    release();
    await ended(store, outbox);
    expect(store.text).toBe("***\n");
  });

  it("hides a secret wherever it stands in a line of megabytes, and loses nothing else of it", async () => {
    const secret = "tr0ub4dor&3-tr0ub4dor&3";
    const filler = fc.string({ unit: fc.constantFrom("x", "é", "漢", "t", "r"), maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(filler, fc.integer({ min: 30_000, max: 65_536 }), async (between, chunk) => {
        // So dense that a piece hardly ends anywhere but within one.
        const one = `${secret}${between}`;
        const line = one.repeat(Math.ceil((2.5 * 1024 * 1024) / one.length));
        const redactor = createRedactor([{ name: "S", value: secret }]);
        const store = new Store();
        const outbox = new Outbox({ events: (first, texts) => store.take(first, texts) }, new Cursor(newDir(), 0), redactor);
        const lines = new LogLines("out");
        const bytes = Buffer.from(`before\n${line}`);
        for (let from = 0; from < bytes.length; from += chunk) {
          const piece = lines.push(bytes.subarray(from, from + chunk));
          if (piece) await outbox.add({ type: "log", at, text: piece.text }, piece.place);
        }
        const last = lines.end();
        if (last) await outbox.add({ type: "log", at, text: last.text }, last.place);
        await ended(store, outbox);
        expect(store.text === redactor.text(`before\n${line}\n`)).toBe(true);
        const unmarked = store.events.filter((event) => event.type === "log" && !event.partial && !event.text.endsWith("\n"));
        expect(unmarked).toEqual([]);
      }),
      { numRuns: 5 },
    );
  });

  it("keeps batches within the contract and their order, however large a log is", async () => {
    const store = new Store();
    const outbox = new Outbox({ events: (first, texts) => store.take(first, texts) }, new Cursor(newDir(), 0), hidingNothing);
    const text = `${"x".repeat(200_000)}\n${"é\u0000".repeat(50_000)}\n`;
    await outbox.add({ type: "log", at, text });
    for (let number = 0; number < 1_200; number++)
      await outbox.add({
        type: "resource",
        at,
        address: `a.${number}`,
        action: "create",
        state: "started",
        id: null,
        elapsed_seconds: null,
      });
    await ended(store, outbox);
    expect(Math.max(...store.batches)).toBeLessThanOrEqual(500);
    expect(store.events.every((event) => event.type !== "log" || event.text.length <= 65_536)).toBe(true);
    expect(store.text).toBe(text.replaceAll("\u0000", "\ufffd") + "<resource>".repeat(1_200));
  });
});
