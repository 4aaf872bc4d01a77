import { beginning, type ChainedEvent, hashOf, present } from "./audit.ts";
import { type AnchorStore, type AuditAnchor, type AuditAnchors, readAnchors } from "./audit-anchors.ts";
import type { Db, Tx } from "./db.ts";
import { DatabaseUnavailable } from "./errors.ts";
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
 * one moment of the database, a page at a time. Who rewrites every later event and the head as well is found by the anchors, which lie
 * elsewhere: read them before you call this, or they may be newer than what it sees.
 */
export const verifyChain = (db: Db, chainId: string, anchors: AuditAnchors = []): Promise<Verified> =>
  db.transaction(async (tx) => {
    await tx.query(oneMoment);
    const head = (await tx.one<{ sequence: number; hash: string }>(readHead, [chainId])) ?? { sequence: 0, hash: beginning };
    let sequence = 0;
    let hash = beginning;
    let next = 0;
    const broken = (at: number, reason: string): Verified => ({ ok: false, checked: sequence, first_broken: { sequence: at, reason } });
    for await (const row of eventsOf(tx, chainId)) {
      if (row.sequence !== sequence + 1)
        return broken(sequence + 1, row.sequence <= 0 ? `An event has the number ${row.sequence}` : "The event is missing");
      if (row.sequence > head.sequence)
        return broken(row.sequence, `The event lies beyond the head of the chain, which is ${head.sequence}`);
      if (row.previous_hash !== hash) return broken(row.sequence, "The event does not follow the one before it");
      if (row.hash !== hashOf(asChained(row)) || row.actor_id !== row.actor.id) return broken(row.sequence, "The event was changed");
      ({ sequence, hash } = row);
      const anchor = anchors[next];
      if (anchor?.sequence !== sequence) continue;
      if (anchor.hash !== hash) return rewritten(broken, anchors[next - 1]?.sequence ?? 0, sequence);
      next++;
    }
    const last = anchors.at(-1);
    if (last && last.sequence > sequence) {
      const good = anchors[next - 1]?.sequence ?? 0;
      const why = `The chain ends with event ${sequence}, and its event ${last.sequence} was recorded outside the database at ${last.at}: what follows ${good} is not whole`;
      return { ...broken(good + 1, why), checked: good };
    }
    if (sequence !== head.sequence) return broken(sequence + 1, `The chain ends here, and its head is ${head.sequence}`);
    if (hash !== head.hash) return broken(sequence, "The head of the chain has another hash than its last event");
    return { ok: true, checked: sequence };
  });

/** The same with what is recorded of the chain elsewhere. That this cannot be read is a finding as well. */
export async function verifyAnchored(
  db: Db,
  store: Pick<AnchorStore, "read">,
  chainId: string,
): Promise<Verified & { readonly anchored: Pick<AuditAnchor, "sequence" | "at"> | null }> {
  const anchors = await readAnchors(store, chainId).catch((error: unknown) => {
    if (error instanceof DatabaseUnavailable) throw error;
    return null;
  });
  const found = await verifyChain(db, chainId, anchors ?? []);
  const last = anchors?.at(-1);
  const anchored = last ? { sequence: last.sequence, at: last.at } : null;
  if (anchors || !found.ok) return { ...found, anchored };
  const reason = "What was recorded of this chain outside the database cannot be read: it was changed, or its key is gone";
  return { ok: false, checked: found.checked, first_broken: { sequence: 1, reason }, anchored };
}

/** Everything fits together, and is not what was recorded outside: between the last anchor that fits and this one an event is not the same. */
const rewritten = (broken: (at: number, reason: string) => Verified, good: number, bad: number): Verified => ({
  ...broken(
    good + 1,
    good + 1 === bad
      ? "The event was changed, and the chain after it written anew: it is not the one that was recorded outside the database"
      : `Of the events ${good + 1} to ${bad} one was changed, and the chain after it written anew: the last is not the one that was recorded outside the database`,
  ),
  checked: good,
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
  ...present({ user_agent: row.user_agent, before_digest: row.before_digest, after_digest: row.after_digest }),
  created_at: row.created_at,
  previous_hash: row.previous_hash,
});
