import { secondsOf } from "@takosumi/contracts/deploy/policy";
import type { Actor, PlanMode } from "@takosumi/contracts/deploy/run";
import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import type { Tx } from "@takosumi/db/db";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { type Base, baseOf } from "./base-state.ts";
import { gitSourceOf, modulePathOf, snapshotAgain } from "./git-source.ts";
import { policyOf } from "./policy-of.ts";
import { poolOf } from "./pool-of.ts";
import { insertRun } from "./queries/insert-run.ts";
import { holdCapsule } from "./queries/snapshot.ts";
import type { EngineResources } from "./resources.ts";
import { openAccess } from "./source-access.ts";
import { type GivenVariable, openVariables, sealVariables, type VariableNames } from "./variables.ts";

export interface PlanRequest {
  readonly capsule: CapsuleRow;
  readonly actor: Actor;
  readonly mode: PlanMode;
  readonly targets: readonly string[];
  readonly replace: readonly string[];
  readonly variables: readonly GivenVariable[];
  readonly message: string | null;
  /** The plan that this one is to repeat: with the same commit, where it has one. */
  readonly again?: RunRow;
}
/** A plan before it is written: its inputs opened, pinned and sealed outside the transaction. */
export interface PreparedPlan {
  readonly row: Readonly<Record<string, unknown>> &
    Base & { readonly id: string; readonly capsule_id: string; readonly config_revision: number };
  readonly names: VariableNames;
}

export async function preparePlan({ db, keyring }: Pick<EngineResources, "db" | "keyring">, request: PlanRequest): Promise<PreparedPlan> {
  const { capsule, actor, again } = request;
  const id = newId("run_");
  const [{ set, names }, access, base, policy] = await Promise.all([
    openVariables({ db, keyring }, capsule, request.variables),
    openAccess({ db, keyring }, capsule),
    baseOf(db, capsule),
    policyOf(db, capsule),
  ]);
  const row = {
    id,
    workspace_id: capsule.workspace_id,
    project_id: capsule.project_id,
    capsule_id: capsule.id,
    kind: "plan",
    mode: request.mode,
    status: "queued",
    pool: await poolOf(db, capsule.workspace_id, policy),
    queue_rank: -1,
    actor,
    actor_id: actor.id,
    message: request.message,
    targets: request.targets,
    replace_addresses: request.replace,
    source_snapshot_id: capsule.source_snapshot_id ?? (again ? snapshotAgain(capsule, again) : null),
    git_source: gitSourceOf(capsule),
    module_credentials: capsule.module_credentials.map(({ host, kind, known_hosts }) => ({ host, kind, known_hosts })),
    module_path: modulePathOf(capsule),
    config_revision: capsule.config_revision,
    variables: names,
    injected_env: injectedOf(names),
    ...(await sealVariables(
      keyring,
      capsule.workspace_id,
      id,
      access ? { ...set, secrets: [...set.secrets, ...access.secrets], access: access.access } : set,
    )),
    ...toolOf(capsule),
    ...base,
    approvals_required: policy.approvals,
    timeout_seconds: secondsOf(policy.timeout),
  };
  return { row, names };
}

/** The names of what the tool's environment is given; never a value. */
const injectedOf = (names: VariableNames) =>
  names
    .filter(({ kind }) => kind === "env")
    .flatMap(({ name, sensitive }) => (["plan", "apply"] as const).map((phase) => ({ name, kind: "env" as const, phase, sensitive })));

/** The tool that a plan asks for. A Capsule with a state stays with the tool that wrote it, and never goes below its version. */
const toolOf = ({ tool_name, tool_version, state_tool_name, state_tool_version }: CapsuleRow) => ({
  tool_name: tool_name ?? state_tool_name,
  tool_version,
  least_tool_version: (tool_name ?? state_tool_name) === state_tool_name ? state_tool_version : null,
});

/** Writes the plan. 409 where the Capsule changed since it was prepared: its inputs would be a mixture. */
export async function createPlan(tx: Tx, { row }: PreparedPlan, retryOf: string | null = null): Promise<RunRow> {
  const capsule = await tx.one<CapsuleRow>(holdCapsule, [row.capsule_id]);
  if (!capsule || capsule.deleted_at !== null) throw new ApiError("NOT_FOUND", "There is no such capsule");
  if (capsule.config_revision !== row.config_revision || capsule.current_state_version_id !== row.base_state_version_id)
    throw new ApiError("CONFLICT", "The Capsule changed at the same moment: create the plan again", { reason: "lost_race" });
  return (await tx.one<RunRow>(insertRun, [JSON.stringify({ ...row, retry_of_run_id: retryOf })])) as RunRow;
}
