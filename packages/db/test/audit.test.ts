import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AuditInput, appendAudit, appendAuditAll, beginning } from "../src/audit.ts";
import { forgetDenials, recordDenial } from "../src/audit-denials.ts";
import { verifyChain } from "../src/audit-verify.ts";
import type { AuditEventRow } from "../src/rows.ts";
import { statement } from "../src/sql.ts";
import { testDatabase } from "./database.ts";

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase({ poolSize: 12 });
});
afterAll(() => database.drop());

const events = statement("test_events", "SELECT * FROM audit_events WHERE chain_id = $1 ORDER BY sequence");
const happened = (workspace: string | null, more: Partial<AuditInput> = {}): AuditInput => ({
  workspace_id: workspace,
  actor: { id: "usr_1", kind: "user", name: "Ann" },
  action: "run.queued",
  target: { type: "run", id: "run_1" },
  ...more,
});
const append = (input: AuditInput) => database.db.transaction((tx) => appendAudit(tx, input));

test("events are numbered from 1, each follows the one before it, and the chain verifies", async () => {
  const first = await append(happened("ws_chain"));
  const second = await append(happened("ws_chain", { capsule_id: "cap_1", run_id: "run_1", request_id: "req", address: "127.0.0.1" }));
  const rows = await database.db.query<AuditEventRow>(events, ["ws_chain"]);
  expect(rows).toMatchObject([
    { ...first, sequence: 1, previous_hash: beginning, actor_id: "usr_1", target_type: "run", target_id: "run_1", metadata: {} },
    { ...second, sequence: 2, previous_hash: first.hash, capsule_id: "cap_1", run_id: "run_1", request_id: "req", address: "127.0.0.1" },
  ]);
  expect(await verifyChain(database.db, "ws_chain")).toEqual({ ok: true, checked: 2 });
});

test("what belongs to no Workspace goes to the chain of the instance", async () => {
  await append(happened(null));
  expect(await database.db.query(events, ["instance"])).toMatchObject([{ workspace_id: null, sequence: 1 }]);
  expect(await verifyChain(database.db, "instance")).toEqual({ ok: true, checked: 1 });
});

test("a chain of nothing is whole", async () => {
  expect(await verifyChain(database.db, "ws_nothing")).toEqual({ ok: true, checked: 0 });
});

test("an event goes with its transaction", async () => {
  await append(happened("ws_undone"));
  const work = database.db.transaction(async (tx) => {
    await appendAudit(tx, happened("ws_undone"));
    throw new Error("undone");
  });
  await expect(work).rejects.toThrow("undone");
  await append(happened("ws_undone"));
  expect(await verifyChain(database.db, "ws_undone")).toEqual({ ok: true, checked: 2 });
});

test("many at once, over several chains and in any order, make whole chains and never wait for each other in a circle", async () => {
  const chains = ["ws_x", "ws_y", "ws_z"];
  const all = Array.from({ length: 60 }, (_, i) =>
    [...chains.slice(i % 3), ...chains.slice(0, i % 3)].map((chain) => happened(chain, { metadata: { i } })),
  );
  const appended = await Promise.all(all.map((some) => database.db.transaction((tx) => appendAuditAll(tx, some))));
  for (const chain of chains) expect(await verifyChain(database.db, chain)).toEqual({ ok: true, checked: 60 });
  const byId = new Map(
    (await Promise.all(chains.map((chain) => database.db.query<AuditEventRow>(events, [chain])))).flat().map((row) => [row.id, row]),
  );
  for (const [i, some] of appended.entries())
    expect(some.map(({ id }) => byId.get(id)?.chain_id)).toEqual(all[i]?.map((input) => input.workspace_id));
});

test("a chain longer than a page verifies", async () => {
  for (let i = 0; i < 3; i++)
    await database.db.transaction((tx) =>
      appendAuditAll(
        tx,
        Array.from({ length: 700 }, () => happened("ws_long")),
      ),
    );
  expect(await verifyChain(database.db, "ws_long")).toEqual({ ok: true, checked: 2_100 });
});

test("whatever an event holds, its hash is over what the database kept", async () => {
  let chains = 0;
  const text = fc.string({ unit: "binary", maxLength: 20 }).map((one) => `${one}${one.length % 3 === 0 ? "\0\ud800" : ""}`);
  const input = fc.record({
    actor: fc.record({ id: text, kind: fc.constant("user"), name: text }),
    target: fc.record({ type: fc.constant("run"), id: text }),
    metadata: fc.dictionary(text, fc.jsonValue() as fc.Arbitrary<unknown>, { maxKeys: 5 }),
    address: fc.option(text),
    request_id: fc.option(text),
    created_at: fc.date({ min: new Date(0), max: new Date("2200-01-01"), noInvalidDate: true }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(input, { minLength: 1, maxLength: 8 }), async (inputs) => {
      const chain = `ws_any_${++chains}`;
      await database.db.transaction((tx) =>
        appendAuditAll(
          tx,
          inputs.map((one) => happened(chain, one)),
        ),
      );
      expect(await verifyChain(database.db, chain)).toEqual({ ok: true, checked: inputs.length });
    }),
    { numRuns: 60 },
  );
});

test("metadata and batches without a limit are refused", async () => {
  await expect(append(happened("ws_limits", { metadata: { text: "x".repeat(70_000) } }))).rejects.toThrow(RangeError);
  await expect(
    database.db.transaction((tx) =>
      appendAuditAll(
        tx,
        Array.from({ length: 1_001 }, () => happened("ws_limits")),
      ),
    ),
  ).rejects.toThrow(RangeError);
});

test("the first denial of a minute is an event, the others are counted", async () => {
  const actor = { id: "usr_2", kind: "user", name: "Bob" };
  const deny = (seconds: number, operation = "runs.approve") =>
    recordDenial(database.db, {
      workspace_id: "ws_denied",
      actor,
      operation,
      at: new Date(Date.UTC(2026, 0, 1, 12, 0, seconds)),
      address: "127.0.0.1",
    });
  await Promise.all(Array.from({ length: 20 }, (_, i) => deny(i)));
  await deny(59);
  await deny(60);
  await deny(5, "runs.cancel");
  const rows = await database.db.query<AuditEventRow>(events, ["ws_denied"]);
  expect(rows.map((row) => [row.action, row.target_id, row.created_at.getUTCMinutes()])).toEqual([
    ["access.denied", "runs.approve", 0],
    ["access.denied", "runs.approve", 1],
    ["access.denied", "runs.cancel", 0],
  ]);
  const counts = statement(
    "test_denials",
    "SELECT operation, count FROM audit_denials WHERE chain_id = 'ws_denied' ORDER BY minute, operation",
  );
  expect(await database.db.query(counts)).toEqual([
    { operation: "runs.approve", count: 21 },
    { operation: "runs.cancel", count: 1 },
    { operation: "runs.approve", count: 1 },
  ]);
  expect(await forgetDenials(database.db, new Date(Date.UTC(2026, 0, 1, 12, 1)))).toBe(2);
  expect(await verifyChain(database.db, "ws_denied")).toEqual({ ok: true, checked: 3 });
});
