import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { appendAuditAll } from "../src/audit.ts";
import { verifyChain } from "../src/audit-verify.ts";
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
};
const columns =
  "workspace_id, actor, actor_id, action, target_type, target_id, capsule_id, run_id, metadata, request_id, address, previous_hash, hash, created_at";

const tampering = fc.oneof(
  fc.record({ column: fc.constantFrom(...Object.keys(edits)), at: position }).map(({ column, at }) => ({
    what: `edit of ${column}`,
    sql: [`UPDATE audit_events SET ${edits[column]} WHERE chain_id = $1 AND sequence = ${at}`],
  })),
  position.map((at) => ({ what: `deletion of ${at}`, sql: [`DELETE FROM audit_events WHERE chain_id = $1 AND sequence = ${at}`] })),
  position.map((at) => ({
    what: `deletion of ${at}, closing the gap`,
    sql: [
      `DELETE FROM audit_events WHERE chain_id = $1 AND sequence = ${at}`,
      `UPDATE audit_events SET sequence = -sequence WHERE chain_id = $1 AND sequence > ${at}`,
      "UPDATE audit_events SET sequence = -sequence - 1 WHERE chain_id = $1 AND sequence < 0",
      "UPDATE audit_chains SET sequence = sequence - 1 WHERE id = $1",
    ],
  })),
  position.map((from) => ({
    what: `truncation from ${from}`,
    sql: [`DELETE FROM audit_events WHERE chain_id = $1 AND sequence >= ${from}`],
  })),
  position.map((at) => ({
    what: `insertion of a copy before ${at}`,
    sql: [
      `UPDATE audit_events SET sequence = -sequence WHERE chain_id = $1 AND sequence >= ${at}`,
      "UPDATE audit_events SET sequence = -sequence + 1 WHERE chain_id = $1 AND sequence < 0",
      `INSERT INTO audit_events (id, chain_id, sequence, ${columns}) SELECT id || 'copy', chain_id, ${at}, ${columns} FROM audit_events WHERE chain_id = $1 AND sequence = ${at + 1}`,
      "UPDATE audit_chains SET sequence = sequence + 1 WHERE id = $1",
    ],
  })),
  fc.constantFrom(0, -5, length + 1).map((sequence) => ({
    what: `insertion of number ${sequence}`,
    sql: [
      `INSERT INTO audit_events (id, chain_id, sequence, ${columns}) SELECT id || 'copy', chain_id, ${sequence}, ${columns} FROM audit_events WHERE chain_id = $1 AND sequence = 1`,
    ],
  })),
  fc
    .tuple(position, position)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => ({
      what: `exchange of ${a} and ${b}`,
      sql: [
        `UPDATE audit_events SET sequence = 100 WHERE chain_id = $1 AND sequence = ${a}`,
        `UPDATE audit_events SET sequence = ${a} WHERE chain_id = $1 AND sequence = ${b}`,
        `UPDATE audit_events SET sequence = ${b} WHERE chain_id = $1 AND sequence = 100`,
      ],
    })),
  fc.constant({ what: "removal of the head", sql: ["DELETE FROM audit_chains WHERE id = $1"] }),
  fc.constant({ what: "removal of every event", sql: ["DELETE FROM audit_events WHERE chain_id = $1"] }),
  fc.constant({ what: "another head", sql: ["UPDATE audit_chains SET hash = repeat('b', 64) WHERE id = $1"] }),
);

test("edits, deletions, insertions, exchanges and truncations are found", async () => {
  let chains = 0;
  const found = new Set<string>();
  await fc.assert(
    fc.asyncProperty(tampering, async ({ what, sql }) => {
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
      found.add(what.split(" ")[0] as string);
    }),
    { numRuns: 200 },
  );
  expect(found).toEqual(new Set(["edit", "deletion", "truncation", "insertion", "exchange", "removal", "another"]));
});
