import { beginning, type ChainedEvent, hashOf } from "./audit.ts";
import type { Db, Tx } from "./db.ts";
import type { AuditEventRow } from "./rows.ts";
import { statement } from "./sql.ts";

export interface Verified {
  readonly ok: boolean;
  /** Events found in order and unchanged, from the first. */
  readonly checked: number;
  readonly first_broken?: { readonly sequence: number; readonly reason: string };
}

const pageSize = 1_000;
const oneMoment = statement("audit_verify_begin", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
const readHead = statement("audit_head", "SELECT sequence, hash FROM audit_chains WHERE id = $1");
// A page by the unique index (chain_id, sequence).
const readPage = statement(
  "audit_verify_page",
  "SELECT * FROM audit_events WHERE chain_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
);

/**
 * Follows a chain from its first event to its head and finds the first place where it was edited, shortened, extended or reordered. It sees
 * one moment of the database, a page at a time. Who could rewrite every later event and the head as well leaves no trace in here: keep the
 * hash of a head elsewhere to prove more.
 */
export const verifyChain = (db: Db, chainId: string): Promise<Verified> =>
  db.transaction(async (tx) => {
    await tx.query(oneMoment);
    const head = (await tx.one<{ sequence: number; hash: string }>(readHead, [chainId])) ?? { sequence: 0, hash: beginning };
    let sequence = 0;
    let hash = beginning;
    const broken = (at: number, reason: string): Verified => ({ ok: false, checked: sequence, first_broken: { sequence: at, reason } });
    for await (const row of eventsOf(tx, chainId)) {
      if (row.sequence !== sequence + 1)
        return broken(sequence + 1, row.sequence <= 0 ? `An event has the number ${row.sequence}` : "The event is missing");
      if (row.sequence > head.sequence)
        return broken(row.sequence, `The event lies beyond the head of the chain, which is ${head.sequence}`);
      if (row.previous_hash !== hash) return broken(row.sequence, "The event does not follow the one before it");
      if (row.hash !== hashOf(asChained(row)) || row.actor_id !== row.actor.id) return broken(row.sequence, "The event was changed");
      ({ sequence, hash } = row);
    }
    if (sequence !== head.sequence) return broken(sequence + 1, `The chain ends here, and its head is ${head.sequence}`);
    if (hash !== head.hash) return broken(sequence, "The head of the chain has another hash than its last event");
    return { ok: true, checked: sequence };
  });

async function* eventsOf(tx: Tx, chainId: string): AsyncGenerator<AuditEventRow> {
  for (let after = Number.MIN_SAFE_INTEGER; ; ) {
    const page = await tx.query<AuditEventRow>(readPage, [chainId, after, pageSize]);
    yield* page;
    if (page.length < pageSize) return;
    after = page.at(-1)?.sequence ?? after;
  }
}

const asChained = (row: AuditEventRow): ChainedEvent => ({
  id: row.id,
  chain_id: row.chain_id,
  sequence: row.sequence,
  workspace_id: row.workspace_id,
  actor: row.actor,
  action: row.action,
  target: { type: row.target_type, id: row.target_id },
  capsule_id: row.capsule_id,
  run_id: row.run_id,
  metadata: row.metadata,
  request_id: row.request_id,
  address: row.address,
  created_at: row.created_at,
  previous_hash: row.previous_hash,
});
