import type { Blobs } from "@takosumi/blobs/blobs";
import type { capsules } from "@takosumi/contracts/deploy/capsules";
import type { Policy } from "@takosumi/contracts/deploy/policy";
import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import { canonicalJson } from "@takosumi/db/canonical-json";
import { UniqueViolation } from "@takosumi/db/errors";
import type { CapsuleRow, ProjectRow } from "@takosumi/db/rows";
import type { Keyring } from "@takosumi/keyring/envelope";
import { connectionIds } from "@takosumi/run-engine/bound";
import type { Engine } from "@takosumi/run-engine/engine";
import type { StoredVariable } from "@takosumi/run-engine/variables";
import type { z } from "zod";
import { type NestedId, ownedIn } from "../../tenancy/owned.ts";
import type { Db, Tx } from "../../world.ts";
import { type PolicyRights, refusePolicyChange, refuseUnknownPool } from "../policy-rights.ts";
import { keepProject } from "../projects/repository.ts";
import { connectionsIn, refuseOtherProvider } from "./bindings.ts";
import { differs, refuseOlderTool } from "./configuration.ts";
import * as rows from "./repository.ts";
import { secretsForModules, secretsOfCapsule } from "./secret-uses.ts";
import { idsInSource, type PreparedSource, prepareSource, settleSource } from "./source.ts";
import { secretsIn, storeVariables } from "./variables.ts";

type Create = Omit<z.output<typeof capsules.operations.create.spec.body>, "project_id">;
type Change = z.output<typeof capsules.operations.update.spec.body>;
type Resources = { readonly db: Db; readonly blobs: Blobs; readonly keyring: Keyring };

/** What was asked for, with everything slow done: bytes stored, values sealed, ids found to be of this Workspace. */
export interface Prepared {
  readonly id: string;
  readonly source: PreparedSource | undefined;
  readonly settings: Partial<Omit<rows.Settings, "source" | "source_id" | "source_snapshot_id">>;
  readonly nested: readonly NestedId[];
}

export const prepareCapsule = (resources: Resources, project: ProjectRow, given: Create): Promise<Prepared> =>
  prepare(resources, { id: newId("cap_"), workspace_id: project.workspace_id }, given);
export const prepareChange = (resources: Resources, capsule: CapsuleRow, given: Change): Promise<Prepared> =>
  prepare(resources, capsule, given);

async function prepare(
  { db, blobs, keyring }: Resources,
  at: Pick<CapsuleRow, "id" | "workspace_id"> & Partial<CapsuleRow>,
  given: Change,
): Promise<Prepared> {
  const { name, module_path, module_credentials, tool, variables, provider_bindings, policy } = given;
  const nested = [
    ...idsInSource(given.source),
    ...secretsIn(variables ?? []),
    ...secretsForModules(module_credentials),
    ...connectionsIn(provider_bindings),
  ];
  await ownedIn(db, at.workspace_id, nested);
  if (provider_bindings) await refuseOtherProvider(db, at.workspace_id, provider_bindings);
  const [source, stored] = await Promise.all([
    given.source && prepareSource(blobs, at.workspace_id, given.source),
    variables && storeVariables(keyring, at, variables, (at.variables ?? []) as readonly StoredVariable[]),
  ]);
  const settings = {
    ...(name !== undefined && { name }),
    ...(module_path !== undefined && { module_path }),
    ...(module_credentials && { module_credentials: module_credentials.map((one) => ({ ...one, known_hosts: one.known_hosts ?? [] })) }),
    ...(tool !== undefined && { tool_name: tool?.name ?? null, tool_version: tool?.version ?? null }),
    ...(stored && { variables: stored }),
    ...(provider_bindings && { provider_bindings: provider_bindings.map((one) => ({ ...one, alias: one.alias ?? null })) }),
    ...(policy && { policy }),
  };
  return { id: at.id, source, settings, nested };
}

export async function createCapsule(
  tx: Tx,
  project: ProjectRow,
  rights: PolicyRights,
  { id, source, settings, nested }: Prepared,
): Promise<rows.InheritingCapsule> {
  if (!(await keepProject(tx, project.id)))
    throw new ApiError("NOT_FOUND", "There is no such project", { fields: [{ path: "project_id", message: "There is no such project" }] });
  const blank = {
    name: "",
    module_path: ".",
    module_credentials: [],
    tool_name: null,
    tool_version: null,
    variables: [],
    provider_bindings: [],
    policy: {},
  };
  const row = { ...blank, ...settings, id, workspace_id: project.workspace_id, project_id: project.id };
  const inserted = await rows.insertCapsule(tx, { ...row, ...(await settleSource(tx, row.workspace_id, source as PreparedSource)) });
  if (!inserted) throw nameTaken(row.name);
  refusePolicyChange(rights, inheriting(inserted, {}), inheriting(inserted, inserted.policy));
  await refuseUnknownPool(tx, inserted.workspace_id, inserted.policy);
  await bindNamed(tx, inserted, nested);
  return inserted;
}

/** Whatever changes what a Run would do raises the revision and makes what was planned stale, in this transaction; a name does not. */
export async function changeCapsule(
  tx: Tx,
  engine: Pick<Engine, "staleOnConfigChange">,
  rights: PolicyRights,
  { id, source, settings, nested }: Prepared,
): Promise<rows.InheritingCapsule> {
  const held = await rows.holdCapsule(tx, id);
  if (!held) throw new ApiError("NOT_FOUND", "There is no such capsule");
  const next: rows.Settings = {
    ...held,
    ...settings,
    ...(source && (await settleSource(tx, held.workspace_id, source, held.source))),
  };
  refuseOlderTool(held, next);
  refusePolicyChange(rights, inheriting(held, held.policy), inheriting(held, next.policy));
  if (settings.policy) await refuseUnknownPool(tx, held.workspace_id, next.policy);
  const reconfigured = differs(held, next);
  if (!reconfigured && next.name === held.name && canonicalJson(next.source) === canonicalJson(held.source)) return held;
  const updated = await rows.updateCapsule(tx, id, next, held.config_revision + (reconfigured ? 1 : 0)).catch((error: unknown) => {
    throw error instanceof UniqueViolation ? nameTaken(next.name) : error;
  });
  await bindNamed(tx, updated, nested);
  if (reconfigured) await engine.staleOnConfigChange(tx, updated);
  return updated;
}

const inheriting = ({ project_policy }: rows.InheritingCapsule, capsule: Policy) => ({ project: project_policy, capsule });

/** Looks again once the Secrets and connections are held: one may have been deleted since it was found. */
async function bindNamed(tx: Tx, capsule: CapsuleRow, nested: readonly NestedId[]): Promise<void> {
  await rows.useSecrets(tx, capsule, secretsOfCapsule(capsule));
  await rows.useConnections(tx, capsule, connectionIds(capsule.provider_bindings));
  await ownedIn(tx, capsule.workspace_id, nested);
}

const nameTaken = (name: string) =>
  new ApiError("CONFLICT", `name: ${name} is the name of another Capsule of this Project`, {
    reason: "name_taken",
    fields: [{ path: "name", message: `${name} is taken in this Project` }],
  });
