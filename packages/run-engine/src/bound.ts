import type { Queries } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";
import { conflict } from "./conflicts.ts";
import { readingOf } from "./connection-reading.ts";
import { connectionsById, type KnownConnection } from "./queries/connections.ts";

/** Why the connections that a plan was made with do not serve it any more. */
export interface Unbound {
  /** `stale`: another plan would be made now. `failed`: this one may be applied once the connection is in order. */
  readonly to: "stale" | "failed";
  readonly code: "CONNECTION_DELETED" | "CONNECTION_CHANGED" | "CONNECTION_UNAVAILABLE";
  readonly connection_id: string;
  readonly message: string;
}
type Planned = Pick<RunRow, "workspace_id" | "provider_bindings">;

/** What names connections: the bindings of a Capsule, or what they were resolved to. */
interface Binding {
  readonly workspace_id: string;
  readonly provider_bindings: Bindings;
}
type Bindings = readonly { readonly connection_id: string | null }[];

/** Ids of the connections that bindings name, each once. */
export const connectionIds = (bindings: Bindings): string[] => [...new Set(bindings.flatMap(({ connection_id }) => connection_id ?? []))];

/** Those connections as they are now, deleted ones too. */
export async function connectionsOf(db: Queries, { workspace_id, provider_bindings }: Binding): Promise<KnownConnection[]> {
  const ids = connectionIds(provider_bindings);
  return ids.length > 0 ? db.query<KnownConnection>(connectionsById, [workspace_id, ids]) : [];
}

/** Null where all are there and give the same variables in the same way. Rotated credentials make no difference. */
export function unboundOf({ provider_bindings }: Planned, connections: readonly KnownConnection[]): Unbound | null {
  for (const { connection_id: id, recipe, injected_by, env_names, file_env_names } of provider_bindings) {
    if (id === null) continue;
    const connection = connections.find((one) => one.id === id);
    const named = `The connection ${connection?.name ?? id}, which this was planned with,`;
    const unbound = (to: Unbound["to"], code: Unbound["code"], message: string): Unbound => ({ to, code, connection_id: id, message });
    if (!connection || connection.revoked_at !== null)
      return unbound("stale", "CONNECTION_DELETED", `${named} was deleted: bind another to the Capsule, and plan again`);
    const reading = readingOf(connection);
    if (reading.status !== "ready") return unbound("failed", "CONNECTION_UNAVAILABLE", `${named} is ${reading.status}. ${reading.message}`);
    const same =
      injected_by === "arguments" || (sameNames(env_names, reading.env_names) && sameNames(file_env_names, reading.file_env_names));
    if (!same || recipe?.id !== connection.recipe_id || recipe?.auth_mode !== connection.recipe_mode)
      return unbound("stale", "CONNECTION_CHANGED", `${named} gives other variables now: plan again`);
  }
  return null;
}

const sameNames = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((name, i) => name === other[i]);

/** 409 where a plan cannot be executed with the connections that it was made with. */
export async function refuseUnbound(db: Queries, plan: Planned): Promise<void> {
  const unbound = unboundOf(plan, await connectionsOf(db, plan));
  if (!unbound) return;
  const { to, message, connection_id } = unbound;
  throw conflict(message, { reason: to === "stale" ? "stale" : "connection_unavailable", connection_id });
}
