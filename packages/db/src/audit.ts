import { createHash } from "node:crypto";
import type { Actor } from "@takosumi/contracts/deploy/run";
import { newId, prefixes } from "@takosumi/contracts/ids";
import { canonicalJson, storable } from "./canonical-json.ts";
import type { Tx } from "./db.ts";
import { statement } from "./sql.ts";

/** What happened, before it has a place in a chain. No value of a secret ever stands in `metadata`: names, ids, digests, counts. */
export interface AuditInput {
  /** Null: it belongs to no Workspace, and goes to the chain of the instance. */
  readonly workspace_id: string | null;
  readonly actor: Actor;
  /** "run.approved" */
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string };
  readonly capsule_id?: string | null;
  readonly run_id?: string | null;
  /** At most 64 KiB as JSON. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly request_id?: string | null;
  readonly address?: string | null;
  readonly user_agent?: string | null;
  /** `sha256:…` of what the target was before and is after: `digestOfRow` of its row, or the content's own digest. */
  readonly before_digest?: string | null;
  readonly after_digest?: string | null;
  readonly created_at?: Date;
}

/** How far a chain has come. */
export interface AuditHead {
  readonly chain: string;
  readonly sequence: number;
  readonly hash: string;
}

export interface Appended {
  readonly id: string;
  readonly sequence: number;
  readonly hash: string;
}

/** An event with its place: exactly what is hashed. */
export interface ChainedEvent {
  readonly id: string;
  readonly chain_id: string;
  readonly sequence: number;
  readonly workspace_id: string | null;
  readonly actor: Actor;
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string };
  readonly capsule_id: string | null;
  readonly run_id: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly request_id: string | null;
  readonly address: string | null;
  /** Of these three, one that is not there is no part of what is hashed: events from before they were known keep their hash. */
  readonly user_agent?: string;
  readonly before_digest?: string;
  readonly after_digest?: string;
  readonly created_at: Date;
  readonly previous_hash: string;
}

export const instanceChain = "instance";
/** What the first event of a chain follows. */
export const beginning = "0".repeat(64);
const eventsMax = 1_000;
const metadataMax = 64 * 1024;

export const chainOf = (workspaceId: string | null): string => workspaceId ?? instanceChain;
export const hashOf = (event: ChainedEvent): string => createHash("sha256").update(canonicalJson(event)).digest("hex");

// One row by its key. The update that changes nothing takes the lock, and makes the row where there is none.
const lockHead = statement(
  "audit_head_lock",
  `INSERT INTO audit_chains AS head (id, sequence, hash) VALUES ($1, 0, $2)
   ON CONFLICT (id) DO UPDATE SET sequence = head.sequence RETURNING sequence, hash`,
);
// All events of a chain and its new head in one round trip; the unique index (chain_id, sequence) refuses a fork.
const insertEvents = statement(
  "audit_events_insert",
  `WITH moved AS (UPDATE audit_chains SET sequence = $2, hash = $3 WHERE id = $1)
   INSERT INTO audit_events (id, chain_id, sequence, workspace_id, actor, actor_id, action, target_type, target_id, capsule_id, run_id, metadata, request_id, address, user_agent, before_digest, after_digest, previous_hash, hash, created_at)
   SELECT e.id, $1, e.sequence, e.workspace_id, e.actor, e.actor ->> 'id', e.action, e.target ->> 'type', e.target ->> 'id', e.capsule_id, e.run_id, e.metadata, e.request_id, e.address, e.user_agent, e.before_digest, e.after_digest, e.previous_hash, e.hash, e.created_at
   FROM jsonb_to_recordset($4::jsonb) AS e (id text, sequence bigint, workspace_id text, actor jsonb, action text, target jsonb, capsule_id text, run_id text, metadata jsonb, request_id text, address text, user_agent text, before_digest text, after_digest text, previous_hash text, hash text, created_at timestamptz)`,
);

/** Records one event in the transaction of what it records. Call it last: everybody else who writes in this Workspace waits from here to the commit. */
export async function appendAudit(tx: Tx, event: AuditInput): Promise<Appended> {
  return (await appendAuditAll(tx, [event]))[0] as Appended;
}

const deferred = new WeakMap<Tx, AuditInput[]>();
/** Records events with the next ones of this transaction, right before them: for changes in its middle, where nobody may wait for the head yet. */
export function deferAudit(tx: Tx, events: readonly AuditInput[]): void {
  deferred.set(tx, [...(deferred.get(tx) ?? []), ...events]);
}

/** Records several, in this order; the answer has the same order. Two round trips a chain. */
export async function appendAuditAll(tx: Tx, events: readonly AuditInput[]): Promise<Appended[]> {
  if (events.length > eventsMax) throw new RangeError(`${events.length} audit events at once are more than ${eventsMax}`);
  const before = deferred.get(tx) ?? [];
  deferred.delete(tx);
  for (let from = 0; from < before.length; from += eventsMax) await appendBatch(tx, before.slice(from, from + eventsMax));
  return appendBatch(tx, events);
}

async function appendBatch(tx: Tx, events: readonly AuditInput[]): Promise<Appended[]> {
  const appended: Appended[] = [];
  // Always in the same order of chains, so that two transactions never wait for each other.
  const chains = [...new Set(events.map((event) => chainOf(event.workspace_id)))].sort();
  for (const chain of chains) {
    const ofChain = [...events.entries()].filter(([, event]) => chainOf(event.workspace_id) === chain);
    const chained = await appendTo(
      tx,
      chain,
      ofChain.map(([, event]) => event),
    );
    for (const [i, [place]] of ofChain.entries()) appended[place] = chained[i] as Appended;
  }
  return appended;
}

async function appendTo(tx: Tx, chain: string, events: readonly AuditInput[]): Promise<Appended[]> {
  const ready = events.map((event) => complete(chain, event));
  const head = await tx.one<{ sequence: number; hash: string }>(lockHead, [chain, beginning]);
  let { sequence, hash } = head as { sequence: number; hash: string };
  const linked = ready.map((event) => {
    const placed: ChainedEvent = { ...event, sequence: ++sequence, previous_hash: hash };
    hash = hashOf(placed);
    return { ...placed, hash };
  });
  await tx.query(insertEvents, [chain, sequence, hash, canonicalJson(linked)]);
  tx.noteHead({ chain, sequence, hash });
  return linked.map((event) => ({ id: event.id, sequence: event.sequence, hash: event.hash }));
}

/** The fields that hold something. */
export const present = <K extends string>(fields: Readonly<Record<K, string | null>>): Partial<Record<K, string>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as Partial<Record<K, string>>;

/** What a row was, in a digest that says nothing of it to who has no copy. Values that are secret stand sealed in it, or as a hash. */
export const digestOfRow = (row: object): string => `sha256:${createHash("sha256").update(canonicalJson(row)).digest("hex")}`;

/** As PostgreSQL will give it back: the hash is over what is stored, not over what was handed in. */
function complete(chain: string, event: AuditInput): Omit<ChainedEvent, "sequence" | "previous_hash"> {
  const metadata = canonicalJson(event.metadata ?? {});
  if (Buffer.byteLength(metadata) > metadataMax) throw new RangeError(`The metadata of ${event.action} is larger than 64 KiB`);
  const text = (one: string | null | undefined) => (one == null ? null : storable(one));
  return {
    id: newId(prefixes.audit_event),
    chain_id: chain,
    workspace_id: event.workspace_id,
    actor: { id: storable(event.actor.id), kind: event.actor.kind, name: storable(event.actor.name) },
    action: event.action,
    target: { type: event.target.type, id: storable(event.target.id) },
    capsule_id: text(event.capsule_id),
    run_id: text(event.run_id),
    metadata: JSON.parse(metadata),
    request_id: text(event.request_id),
    address: text(event.address),
    ...present({
      user_agent: text(event.user_agent),
      before_digest: text(event.before_digest),
      after_digest: text(event.after_digest),
    }),
    created_at: event.created_at ?? new Date(),
  };
}
