import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { appendAuditAll, type ChainedEvent, hashOf } from "../src/audit.ts";
import { type AuditAnchor, addAnchor } from "../src/audit-anchors.ts";
import { verifyAnchored, verifyChain } from "../src/audit-verify.ts";
import type { AuditEventRow } from "../src/rows.ts";
import { statement } from "../src/sql.ts";
import { testDatabase } from "./database.ts";

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const length = 6;
const position = fc.integer({ min: 1, max: length });

/** Each is what somebody with write access to the tables might do: SQL over the chain $1. */
const edits: Record<string, string> = {
  workspace_id: "workspace_id = 'ws_other'",
  actor: `actor = jsonb_set(actor, '{name}', '"Mallory"')`,
  actor_id: "actor_id = 'usr_other'",
  action: "action = 'run.cancelled'",
  target_type: "target_type = 'capsule'",
  target_id: "target_id = 'run_other'",
  capsule_id: "capsule_id = NULL",
  run_id: "run_id = 'run_other'",
  metadata: `metadata = metadata || '{"digest": "other"}'`,
  request_id: "request_id = NULL",
  address: "address = '10.0.0.1'",
  created_at: "created_at = created_at + interval '1 second'",
  id: "id = id || 'x'",
  hash: "hash = repeat('a', 64)",
  previous_hash: "previous_hash = repeat('a', 64)",
  user_agent: "user_agent = 'another'",
  "user_agent, taken away": "user_agent = NULL",
  before_digest: "before_digest = NULL",
  after_digest: "after_digest = 'sha256:another'",
};
const columns =
  "workspace_id, actor, actor_id, action, target_type, target_id, capsule_id, run_id, metadata, request_id, address, user_agent, before_digest, after_digest, previous_hash, hash, created_at";

const tampering = fc.oneof(
  fc.record({ column: fc.constantFrom(...Object.keys(edits)), at: position }).map(({ column, at }) => ({
    what: `edit of ${column}`,
    at,
    sql: [`UPDATE audit_events SET ${edits[column]} WHERE chain_id = $1 AND sequence = ${at}`],
  })),
  position.map((at) => ({ what: `deletion of ${at}`, at, sql: [`DELETE FROM audit_events WHERE chain_id = $1 AND sequence = ${at}`] })),
  position.map((at) => ({
    what: `deletion of ${at}, closing the gap`,
    at,
    sql: [
      `DELETE FROM audit_events WHERE chain_id = $1 AND sequence = ${at}`,
      `UPDATE audit_events SET sequence = -sequence WHERE chain_id = $1 AND sequence > ${at}`,
      "UPDATE audit_events SET sequence = -sequence - 1 WHERE chain_id = $1 AND sequence < 0",
      "UPDATE audit_chains SET sequence = sequence - 1 WHERE id = $1",
    ],
  })),
  position.map((from) => ({
    what: `truncation from ${from}`,
    at: from,
    sql: [`DELETE FROM audit_events WHERE chain_id = $1 AND sequence >= ${from}`],
  })),
  position.map((at) => ({
    what: `insertion of a copy before ${at}`,
    at,
    sql: [
      `UPDATE audit_events SET sequence = -sequence WHERE chain_id = $1 AND sequence >= ${at}`,
      "UPDATE audit_events SET sequence = -sequence + 1 WHERE chain_id = $1 AND sequence < 0",
      `INSERT INTO audit_events (id, chain_id, sequence, ${columns}) SELECT id || 'copy', chain_id, ${at}, ${columns} FROM audit_events WHERE chain_id = $1 AND sequence = ${at + 1}`,
      "UPDATE audit_chains SET sequence = sequence + 1 WHERE id = $1",
    ],
  })),
  fc.constantFrom(0, -5, length + 1).map((sequence) => ({
    what: `insertion of number ${sequence}`,
    at: sequence,
    sql: [
      `INSERT INTO audit_events (id, chain_id, sequence, ${columns}) SELECT id || 'copy', chain_id, ${sequence}, ${columns} FROM audit_events WHERE chain_id = $1 AND sequence = 1`,
    ],
  })),
  fc
    .tuple(position, position)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => ({
      what: `exchange of ${a} and ${b}`,
      at: Math.min(a, b),
      sql: [
        `UPDATE audit_events SET sequence = 100 WHERE chain_id = $1 AND sequence = ${a}`,
        `UPDATE audit_events SET sequence = ${a} WHERE chain_id = $1 AND sequence = ${b}`,
        `UPDATE audit_events SET sequence = ${b} WHERE chain_id = $1 AND sequence = 100`,
      ],
    })),
  fc.constant({ what: "removal of the head", at: 1, sql: ["DELETE FROM audit_chains WHERE id = $1"] }),
  fc.constant({ what: "removal of every event", at: 1, sql: ["DELETE FROM audit_events WHERE chain_id = $1"] }),
  fc.constant({ what: "another head", at: length, sql: ["UPDATE audit_chains SET hash = repeat('b', 64) WHERE id = $1"] }),
);

test("edits, deletions, insertions, exchanges and truncations are found", async () => {
  let chains = 0;
  const found = new Set<string>();
  await fc.assert(
    fc.asyncProperty(tampering, async ({ what, at, sql }) => {
      const chain = `ws_${++chains}`;
      await database.db.transaction((tx) =>
        appendAuditAll(
          tx,
          Array.from({ length }, (_, i) => ({
            workspace_id: chain,
            actor: { id: "usr_1", kind: "user", name: "Ann" },
            action: "run.approved",
            target: { type: "run", id: `run_${i}` },
            capsule_id: "cap_1",
            run_id: `run_${i}`,
            metadata: { digest: `${i}` },
            request_id: `req_${i}`,
            address: "127.0.0.1",
            user_agent: "curl",
            before_digest: `sha256:${i}`,
            after_digest: `sha256:${i + 1}`,
          })),
        ),
      );
      expect(await verifyChain(database.db, chain)).toEqual({ ok: true, checked: length });
      for (const text of sql)
        await database.db.query(statement(`tamper_${createHash("sha256").update(text).digest("hex").slice(0, 32)}`, text), [chain]);
      const { ok, first_broken } = await verifyChain(database.db, chain);
      expect({ what, ok, first_broken }).toMatchObject({
        what,
        ok: false,
        first_broken: { sequence: expect.any(Number), reason: expect.any(String) },
      });
      // An event that is not there is missed by the one after it, or, with the head, by the one before.
      expect(Math.abs((first_broken?.sequence ?? 0) - Math.max(at, 1)), what).toBeLessThanOrEqual(1);
      found.add(what.split(" ")[0] as string);
    }),
    { numRuns: 200 },
  );
  expect(found).toEqual(new Set(["edit", "deletion", "truncation", "insertion", "exchange", "removal", "another"]));
});

const event = (chain: string, i: number) => ({
  workspace_id: chain,
  actor: { id: "usr_1", kind: "user", name: "Ann" },
  action: "run.approved",
  target: { type: "run", id: `run_${i}` },
  metadata: { digest: `${i}` },
});
const rowsOf = statement("test_chain_rows", "SELECT * FROM audit_events WHERE chain_id = $1 ORDER BY sequence");
const wipe = statement(
  "test_chain_wipe",
  "WITH heads AS (DELETE FROM audit_chains WHERE id = $1) DELETE FROM audit_events WHERE chain_id = $1",
);
const putRow = statement("test_chain_put", `INSERT INTO audit_events SELECT * FROM jsonb_populate_record(NULL::audit_events, $1::jsonb)`);
const putHead = statement("test_chain_head", "INSERT INTO audit_chains (id, sequence, hash) VALUES ($1, $2, $3)");

/** What somebody does who knows how the chain is made and may write the tables as they like: other events, every link right again. */
async function rewrite(chain: string, change: (rows: AuditEventRow[]) => AuditEventRow[]): Promise<void> {
  const rows = change(await database.db.query<AuditEventRow>(rowsOf, [chain]));
  await database.db.query(wipe, [chain]);
  let hash = "0".repeat(64);
  for (const [i, row] of rows.entries()) {
    const { target_type, target_id, hash: _, actor_id: __, user_agent: ___, before_digest: ____, after_digest: _____, ...rest } = row;
    const placed = { ...rest, target: { type: target_type, id: target_id }, sequence: i + 1, previous_hash: hash } as ChainedEvent;
    hash = hashOf(placed);
    const { target: ______, ...columns } = placed;
    await database.db.query(putRow, [JSON.stringify({ ...columns, target_type, target_id, actor_id: row.actor.id, hash })]);
  }
  if (rows.length > 0) await database.db.query(putHead, [chain, rows.length, hash]);
}

const cleverness = fc.oneof(
  fc.record({ kind: fc.constant("edit" as const), at: position }),
  fc.record({ kind: fc.constant("deletion" as const), at: position }),
  fc.record({ kind: fc.constant("insertion" as const), at: position }),
  fc.record({ kind: fc.constant("exchange" as const), at: fc.integer({ min: 1, max: length - 1 }) }),
  fc.record({ kind: fc.constant("truncation" as const), at: position }),
  fc.record({ kind: fc.constant("removal of everything" as const), at: fc.constant(1) }),
);
const changes: Record<string, (rows: AuditEventRow[], at: number) => AuditEventRow[]> = {
  edit: (rows, at) => rows.map((row, i) => (i === at - 1 ? { ...row, actor: { ...row.actor, name: "Mallory" } } : row)),
  deletion: (rows, at) => rows.filter((_, i) => i !== at - 1),
  insertion: (rows, at) => rows.flatMap((row, i) => (i === at - 1 ? [{ ...row, id: `${row.id}x`, target_id: "run_x" }, row] : [row])),
  exchange: (rows, at) => [...rows.slice(0, at - 1), rows[at] as AuditEventRow, rows[at - 1] as AuditEventRow, ...rows.slice(at + 1)],
  truncation: (rows, at) => rows.slice(0, at - 1),
  "removal of everything": () => [],
};

test("of a chain that was written anew with every link right, the heads kept elsewhere tell, and name the first event that is not the same", async () => {
  let chains = 0;
  const found = new Set<string>();
  await fc.assert(
    fc.asyncProperty(cleverness, fc.integer({ min: 1, max: 3 }), async ({ kind, at }, every) => {
      const chain = `ws_clever_${++chains}`;
      const kept = new Map<string, string>();
      const store = {
        read: async (of: string) => kept.get(of) ?? null,
        write: async (of: string, text: string) => void kept.set(of, text),
      };
      const anchored: number[] = [];
      for (let i = 1; i <= length; i++) {
        const [last] = await database.db.transaction((tx) => appendAuditAll(tx, [event(chain, i)]));
        if (!last || (i % every !== 0 && i !== length)) continue;
        await addAnchor(store, chain, { sequence: i, hash: last.hash, at: new Date().toISOString() });
        anchored.push(i);
      }
      const whole = { ok: true, checked: length, anchored: { sequence: length } };
      expect(await verifyAnchored(database.db, store, chain)).toMatchObject(whole);
      // Written anew without a change it is the same chain: what is found below is the change.
      await rewrite(chain, (rows) => rows);
      expect(await verifyAnchored(database.db, store, chain)).toMatchObject(whole);
      await rewrite(chain, (rows) => (changes[kind] as (typeof changes)[string])(rows, at));
      expect(await verifyChain(database.db, chain)).toMatchObject({ ok: true });
      const { ok, first_broken } = await verifyAnchored(database.db, store, chain);
      expect(ok, kind).toBe(false);
      // The narrowest that can be said: between the anchor before the change and the one after it.
      const before = anchored.findLast((sequence) => sequence < at) ?? 0;
      expect(first_broken?.sequence, `${kind} at ${at}, anchors ${anchored}`).toBeGreaterThan(before);
      expect(first_broken?.sequence).toBeLessThanOrEqual(at);
      if (every === 1) expect(first_broken?.sequence).toBe(at);
      found.add(kind);
    }),
    { numRuns: 200 },
  );
  expect(found).toEqual(new Set(Object.keys(changes)));
});

test("heads are kept densely for the recent past and sparsely before, and never run backwards", async () => {
  let text = "[]";
  const store = { read: async () => text, write: async (_: string, given: string) => void (text = given) };
  const at = new Date().toISOString();
  for (let sequence = 1; sequence <= 3_000; sequence++) await addAnchor(store, "c", { sequence, hash: `${sequence}`, at });
  await addAnchor(store, "c", { sequence: 7, hash: "older", at });
  const kept = (JSON.parse(text) as AuditAnchor[]).map(({ sequence }) => sequence);
  expect(kept.length).toBeLessThanOrEqual(512);
  expect(kept).toEqual(kept.toSorted((a, b) => a - b));
  expect(kept.slice(-200)).toEqual(Array.from({ length: 200 }, (_, i) => 2_801 + i));
});

test("what was kept elsewhere and cannot be read any more is a finding", async () => {
  await database.db.transaction((tx) => appendAuditAll(tx, [event("ws_unread", 1)]));
  for (const text of ["not json", '[{"sequence": 0}]']) {
    const found = await verifyAnchored(database.db, { read: async () => text }, "ws_unread");
    expect(found).toMatchObject({ ok: false, first_broken: { reason: expect.stringContaining("cannot be read") }, anchored: null });
  }
});
