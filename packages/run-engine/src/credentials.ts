import type { Credentials } from "@takosumi/contracts/runner/protocol";
import type { Queries, Tx } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { compose, type Resolved } from "@takosumi/recipes/compose";
import type { Phase } from "@takosumi/recipes/define";
import { connectionsOf, unboundOf } from "./bound.ts";
import { conflict } from "./conflicts.ts";
import { type Held, heldRun, lostLease } from "./lease.ts";
import { type Asked, openConnections } from "./open-connections.ts";
import { holdRun, runById } from "./queries/snapshot.ts";
import type { EngineResources } from "./resources.ts";
import { sealHolds } from "./seal.ts";
import { unavailable } from "./unavailable.ts";

type Injected = RunRow["injected_env"][number];
/** What a runner is given for one phase, and what is recorded of it. */
interface Opened {
  readonly credentials: Credentials;
  /** Ids of the connections. */
  readonly connections: readonly string[];
  readonly injected: readonly Injected[];
}
/** Linux takes no longer variable, its name included. */
const longestVariable = 128 * 1024 - 2;

/**
 * Opens the connections of a held Run for its phase, outside any transaction: an exchange asks somebody else. PRECONDITION_FAILED where a
 * connection is not what the plan was made with any more, or gives nothing.
 */
export async function prepareCredentials(
  resources: Pick<EngineResources, "db" | "keyring" | "settings">,
  held: Held,
  asked: Asked,
  signal: AbortSignal,
): Promise<Opened> {
  const { db, keyring } = resources;
  const run = await heldRun(db, held);
  if (run.status !== "running") throw lostLease(run.id);
  const phase = run.kind === "plan" ? "plan" : "apply";
  if (asked.phase !== phase)
    throw conflict(`Run ${run.id} is a ${run.kind}: it has no credentials for the phase ${asked.phase}`, { reason: "wrong_phase" });
  const plan = run.plan_run_id === null ? run : await db.one<RunRow>(runById, [run.plan_run_id]);
  if (!plan || (run.kind !== "plan" && !(await sealHolds(db, keyring, plan, run))))
    throw unavailable("The stored plan is not the one that was sealed: no credentials were opened", { reason: "changed" });

  const connections = await connectionsOf(db, plan);
  const unbound = unboundOf(plan, connections);
  if (unbound)
    throw unavailable(unbound.message, { reason: "connection_unavailable", connection_id: unbound.connection_id, code: unbound.code });
  const opened = await openConnections(resources, run, connections, asked, signal);
  const credentials = compose(resolvedOf(plan), opened, phase);
  const large = credentials.env.find(({ name, value }) => name.length + Buffer.byteLength(value) > longestVariable);
  if (large)
    throw unavailable(`The variable ${large.name} is larger than 128 KiB: no system takes it`, { reason: "connection_unavailable" });
  return { credentials, connections: connections.map(({ id }) => id), injected: injectedOf(credentials, phase) };
}

const resolvedOf = ({ provider_bindings }: RunRow): Resolved[] =>
  provider_bindings.flatMap(({ provider, alias, connection_id, injected_by }) =>
    connection_id === null || injected_by === null ? [] : [{ provider, alias, connection_id, injected_by }],
  );

/** Names, never values. A file that no variable names is called by its path. */
const injectedOf = ({ env, files }: Credentials, phase: Phase): Injected[] => [
  ...env.map(({ name, sensitive }) => ({ name, kind: "env" as const, phase, sensitive })),
  ...files.map(({ path, env_name, sensitive }) => ({ name: env_name ?? path, kind: "file" as const, phase, sensitive })),
];

/** $1 run, $2 what is injected. The Run is held. Plan: primary key. */
const keepInjected = statement("run_keep_injected", `UPDATE runs SET injected_env = $2::jsonb WHERE id = $1 RETURNING *`);

/** Records what is given, in the transaction that audits it. The lease and the connections must still stand. */
export async function keepCredentials(tx: Tx, held: Held, { injected, connections }: Opened): Promise<RunRow> {
  const run = await tx.one<RunRow>(holdRun, [held.run_id]);
  if (!run || run.lease_epoch !== held.epoch || run.lease_runner_id !== held.runner_id || run.status !== "running")
    throw lostLease(held.run_id);
  const gone = (await connectionsOf(tx, run)).find(({ id, revoked_at }) => connections.includes(id) && revoked_at !== null);
  if (gone) throw unavailable(`The connection ${gone.name} was deleted`, { reason: "connection_unavailable", connection_id: gone.id });
  const key = (one: Injected) => `${one.kind} ${one.name} ${one.phase}`;
  const now = new Set(injected.map(key));
  const before = run.injected_env.filter((one) => !now.has(key(one)));
  return (await tx.one<RunRow>(keepInjected, [run.id, JSON.stringify([...before, ...injected])])) as RunRow;
}

const workspace = statement("credentials_workspace", `SELECT workspace_id FROM runs WHERE id = $1`);
/** In which Workspace a refusal is recorded; null for a Run that is not there. */
export const workspaceOfRun = async (db: Queries, run: string): Promise<string | null> =>
  (await db.one<{ workspace_id: string }>(workspace, [run]))?.workspace_id ?? null;
