import type { Tx } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";
import { releaseCapsule } from "./lock.ts";
import { decisions } from "./queries/moves.ts";

/** Makes every waiting Run of a Capsule stale that stands on what was before, but for `except`; a queued one lets the Capsule go. */
async function makeStale(tx: Tx, capsule: string, message: string, except: string | null): Promise<RunRow[]> {
  const moved = await tx.query<RunRow>(decisions.staleOfCapsule, [
    capsule,
    JSON.stringify({ code: "STALE", message, details: null }),
    except ?? "",
  ]);
  for (const run of moved) if (run.kind !== "plan") await releaseCapsule(tx, capsule, run.id);
  return moved;
}

/** In the transaction that changes a Capsule's source, variables, bindings, tool or policy. */
export async function staleOnConfigChange(tx: Tx, capsule: { readonly id: string }): Promise<void> {
  await makeStale(tx, capsule.id, "the Capsule's configuration changed since the plan", null);
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
