import { BlobError } from "@takosumi/blobs/blob-error";
import type { LedgerEntry, Recovery } from "@takosumi/contracts/deploy/plan";
import type { CheckpointRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { z } from "zod";
import { stateLimit } from "./artifacts.ts";
import type { EngineResources } from "./resources.ts";

type Ledger = z.infer<typeof LedgerEntry>[];

/** What happened to each resource, in order. $1 run. Plan: run_events_resource_idx. Bounded by what one Run may hold. */
const resourceEvents = statement(
  "recovery_events",
  `SELECT data FROM run_events WHERE run_id = $1 AND type = 'resource' ORDER BY sequence LIMIT 200000`,
);
/** What the plan would change. $1 plan. Plan: primary key of run_changes. */
const plannedChanges = statement("recovery_planned", `SELECT data FROM run_changes WHERE run_id = $1 ORDER BY position LIMIT 20000`);
const checkpointOf = statement("checkpoint_of", `SELECT * FROM checkpoints WHERE run_id = $1`);

export const lastCheckpoint = ({ db }: Pick<EngineResources, "db">, run: string): Promise<CheckpointRow | null> =>
  db.one<CheckpointRow>(checkpointOf, [run]);

/** What is known of an apply that was lost: its last good state, and the resources whose end that state does not hold. */
export async function recoveryOf(
  resources: Pick<EngineResources, "db" | "blobs">,
  run: RunRow,
  reason: string,
): Promise<z.infer<typeof Recovery>> {
  const last = await lastCheckpoint(resources, run.id);
  const held = last && (await addressesOf(resources, run, last));
  // One that is not there as it was stored holds nothing: then the ledger names all that was begun.
  const checkpoint = held && last;
  const ledger = await ledgerOf(resources, run);
  return {
    reason,
    last_heartbeat_at: run.heartbeat_at?.toISOString() ?? null,
    checkpoint: checkpoint && { serial: checkpoint.serial, digest: checkpoint.digest, at: checkpoint.at.toISOString() },
    ledger: ledger.filter(({ address, id, action, state }) => {
      const ids = held?.get(address);
      if (state !== "completed") return true;
      return action === "delete" ? ids !== undefined : !(ids && (id === null || ids.has(id)));
    }),
    resolution: null,
  };
}

/** Every resource that was begun, by address and action; and each planned one that nobody saw begin. */
async function ledgerOf({ db }: Pick<EngineResources, "db">, run: RunRow): Promise<Ledger> {
  const entries = new Map<string, Ledger[number]>();
  for (const { data } of await db.query<{ data: { address: string; action: string; state: string; id: string | null } }>(resourceEvents, [
    run.id,
  ])) {
    const { address, action, state, id } = data;
    if (state !== "started" && state !== "completed" && state !== "errored") continue;
    const key = `${action} ${address}`;
    entries.set(key, entryOf(address, action, id ?? entries.get(key)?.id ?? null, state === "completed" ? "completed" : "started"));
  }
  const planned = await db.query<{ data: { address: string; mode: string; actions: string[] } }>(plannedChanges, [run.plan_run_id]);
  for (const { address, mode, actions } of planned.map(({ data }) => data)) {
    if (mode !== "managed") continue;
    for (const action of actions.filter((one) => one === "create" || one === "update" || one === "delete"))
      if (!entries.has(`${action} ${address}`)) entries.set(`${action} ${address}`, entryOf(address, action, null, "possibly_started"));
  }
  return [...entries.values()].slice(0, 5_000);
}

const entryOf = (address: string, action: string, id: string | null, state: Ledger[number]["state"]): Ledger[number] => ({
  address,
  action,
  id,
  state,
  import_block: action === "create" ? `import {\n  to = ${address}\n  id = ${JSON.stringify(id ?? "…")}\n}\n` : null,
});

/** The addresses in a state, with the ids of their instances; null where it is gone or damaged. */
async function addressesOf(
  { blobs }: Pick<EngineResources, "blobs">,
  run: RunRow,
  { digest }: CheckpointRow,
): Promise<Map<string, Set<string>> | null> {
  const bytes = await blobs.read({ workspace: run.workspace_id, kind: "state", digest }, { limit: stateLimit }).catch(unusable);
  if (bytes === null) return null;
  const { resources = [] } = JSON.parse(bytes.toString("utf8")) as { resources?: StateResource[] };
  const found = new Map<string, Set<string>>();
  for (const { module, mode, type, name, instances = [] } of resources) {
    if (mode !== "managed") continue;
    for (const { index_key: key, attributes } of instances) {
      const address = `${module ? `${module}.` : ""}${type}.${name}${key === undefined ? "" : `[${JSON.stringify(key)}]`}`;
      const ids = found.get(address) ?? new Set();
      found.set(address, ids.add(String(attributes?.id ?? "")));
    }
  }
  return found;
}

function unusable(error: unknown): null {
  if (error instanceof BlobError && (error.code === "corrupt" || error.code === "missing")) return null;
  throw error;
}
interface StateResource {
  readonly module?: string;
  readonly mode: string;
  readonly type: string;
  readonly name: string;
  readonly instances?: readonly { readonly index_key?: string | number; readonly attributes?: { readonly id?: unknown } }[];
}
