import type { capsules } from "@takosumi/contracts/deploy/capsules";
import type { ParsedOf } from "@takosumi/contracts/infer";
import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import { UniqueViolation } from "@takosumi/db/errors";
import type { CapsuleRow } from "@takosumi/db/rows";
import type { StoredVariable } from "@takosumi/run-engine/variables";
import type { Resources } from "../../resources.ts";
import type { Tx } from "../../world.ts";
import { insertCapsule, keepSnapshot, type NewCapsule, updateCapsule, useSecrets } from "./repository.ts";
import { bindingsOf, packSource, refuseForeign, sealVariables } from "./settings.ts";

type Used = Pick<Resources, "db" | "blobs" | "keyring" | "engine">;
type Operations = typeof capsules.operations;
type Creation = ParsedOf<Operations["create"]>;
type Change = ParsedOf<Operations["update"]>;

const taken = (name: string) => (error: unknown): never => {
  throw error instanceof UniqueViolation ? new ApiError("CONFLICT", `name: the Project has a Capsule called ${name} already`, { reason: "name_taken" }) : error;
};
const secretsIn = (variables: readonly StoredVariable[]) => variables.flatMap(({ secret_id }) => secret_id ?? []);

/** Everything slow first; answers with what the transaction does. */
export async function prepareCapsule(used: Used, project: { readonly id: string; readonly workspace_id: string }, input: Creation) {
  const { workspace_id } = project;
  await refuseForeign(used.db, workspace_id, input.variables, input.provider_bindings);
  const id = newId("cap_");
  const source = await packSource(used, workspace_id, input.source);
  const variables = await sealVariables(used, workspace_id, id, input.variables ?? []);
  const row: Omit<NewCapsule, "source_snapshot_id"> = {
    id,
    workspace_id,
    project_id: project.id,
    name: input.name,
    status: "pending",
    source: source.shown,
    module_path: input.module_path ?? ".",
    tool_name: input.tool?.name ?? null,
    tool_version: input.tool?.version ?? null,
    variables,
    provider_bindings: bindingsOf(input.provider_bindings ?? []),
    policy: input.policy ?? {},
  };
  return async (tx: Tx): Promise<CapsuleRow> => {
    const snapshot = await keepSnapshot(tx, { workspace_id, ...source.snapshot });
    const capsule = await insertCapsule(tx, { ...row, source_snapshot_id: snapshot.id }).catch(taken(input.name));
    await useSecrets(tx, id, secretsIn(variables));
    return capsule;
  };
}

const changeable = ["name", "source", "module_path", "tool", "variables", "provider_bindings", "policy"] as const;

/** The change of a Capsule: what differs raises its revision and makes waiting plans stale; a new name alone does not. */
export async function prepareChange(used: Used, capsule: CapsuleRow, input: Change) {
  if (changeable.every((name) => input[name] === undefined))
    throw new ApiError("BAD_REQUEST", `Nothing to change: send at least one of ${changeable.join(", ")}`, { reason: "invalid" });
  const { workspace_id, id } = capsule;
  await refuseForeign(used.db, workspace_id, input.variables, input.provider_bindings);
  const source = input.source && (await packSource(used, workspace_id, input.source));
  const variables = input.variables ? await sealVariables(used, workspace_id, id, input.variables) : (capsule.variables as readonly StoredVariable[]);
  const tool = input.tool === undefined ? { name: capsule.tool_name, version: capsule.tool_version } : { name: input.tool?.name ?? null, version: input.tool?.version ?? null };
  const next = {
    ...capsule,
    name: input.name ?? capsule.name,
    source: source?.shown ?? capsule.source,
    module_path: input.module_path ?? capsule.module_path,
    tool_name: tool.name,
    tool_version: tool.version,
    variables,
    provider_bindings: input.provider_bindings ? bindingsOf(input.provider_bindings) : capsule.provider_bindings,
    policy: input.policy ?? capsule.policy,
  };
  const moved = configurationOf(next) !== configurationOf(capsule);
  return async (tx: Tx): Promise<CapsuleRow> => {
    const source_snapshot_id = source ? (await keepSnapshot(tx, { workspace_id, ...source.snapshot })).id : capsule.source_snapshot_id;
    const config_revision = capsule.config_revision + (moved ? 1 : 0);
    const changed = await updateCapsule(tx, { ...next, source_snapshot_id, config_revision }, capsule.config_revision).catch(taken(next.name));
    if (!changed) throw new ApiError("CONFLICT", "The Capsule was changed at the same moment: read it and try again", { reason: "lost_race" });
    if (input.variables) await useSecrets(tx, id, secretsIn(variables));
    if (moved) await used.engine.staleOnConfigChange(tx, changed);
    return changed;
  };
}

const configurationOf = ({ source, module_path, tool_name, tool_version, variables, provider_bindings, policy }: CapsuleRow): string =>
  JSON.stringify([source.digest, module_path, tool_name, tool_version, variables, provider_bindings, policy]);
