import type { Tx } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { releaseCapsule } from "./lock.ts";
import { decisions } from "./queries/moves.ts";
import { recordAside } from "./record.ts";

/** Makes every waiting Run of a Capsule stale that stands on what was before, but for `except`; a queued one lets the Capsule go. */
async function makeStale(tx: Tx, capsule: string, message: string, except: string | null, bound = "[]"): Promise<RunRow[]> {
  const error = JSON.stringify({ code: "STALE", message, details: null });
  const moved = await tx.query<RunRow>(decisions.staleOfCapsule, [capsule, error, except ?? "", bound]);
  for (const run of moved) if (run.kind !== "plan") await releaseCapsule(tx, capsule, run.id);
  recordAside(tx, moved, "run.stale", { reason: message });
  return moved;
}

/** In the transaction that changes a Capsule's source, variables, bindings, tool or policy. */
export async function staleOnConfigChange(tx: Tx, capsule: { readonly id: string }): Promise<void> {
  await makeStale(tx, capsule.id, "the Capsule's configuration changed since the plan", null);
}

/** Capsules of a connection with something that waits: the Capsule is locked before its Runs, as everywhere. $1 connection. */
const waitingOn = statement(
  "capsules_waiting_on_connection",
  `SELECT c.id FROM connection_uses u JOIN capsules c ON c.id = u.capsule_id
   WHERE u.connection_id = $1 AND EXISTS (
     SELECT 1 FROM runs r WHERE r.capsule_id = c.id AND r.status IN ('planned', 'awaiting_approval', 'queued')
       AND r.provider_bindings @> jsonb_build_array(jsonb_build_object('connection_id', $1::text)))
   ORDER BY c.id LIMIT 500 FOR UPDATE OF c`,
);

/** In the transaction that deletes a connection, or makes it give other variables. What it does not reach is refused when it is approved or claimed. */
export async function staleOnConnectionChange(tx: Tx, connection: string, message: string): Promise<void> {
  const bound = JSON.stringify([{ connection_id: connection }]);
  for (const { id } of await tx.query<{ id: string }>(waitingOn, [connection])) await makeStale(tx, id, message, null, bound);
}

/** In the transaction that gives a Capsule a new state. */
export async function staleOnStateChange(
  tx: Tx,
  capsule: string,
  by: { readonly run_id: string | null; readonly serial: number },
): Promise<void> {
  const who = by.run_id === null ? "" : ` by Run ${by.run_id}`;
  await makeStale(tx, capsule, `the state moved to serial ${by.serial}${who} since the plan`, by.run_id);
}
