import type { connections } from "@takosumi/contracts/deploy/connections";
import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import { UniqueViolation } from "@takosumi/db/errors";
import type { ConnectionRow } from "@takosumi/db/rows";
import type { Keyring } from "@takosumi/keyring/envelope";
import { recipeOf } from "@takosumi/recipes/registry";
import { materialPlace } from "@takosumi/run-engine/connection-material";
import { modeOf, readingOf } from "@takosumi/run-engine/connection-reading";
import type { Engine } from "@takosumi/run-engine/engine";
import type { z } from "zod";
import { type NestedId, ownedIn } from "../../tenancy/owned.ts";
import type { Db, Tx } from "../../world.ts";
import { chosenRecipe, refuseUnfit } from "./recipe.ts";
import * as rows from "./repository.ts";

type Create = z.output<typeof connections.operations.create.spec.body>;
type Change = Omit<z.output<typeof connections.operations.update.spec.body>, "id">;
type Used = { readonly db: Db; readonly keyring: Keyring };

/** Material on its way into a row: sealed outside the transaction, with the names that stay readable. */
interface Sealed {
  readonly columns: Pick<ConnectionRow, "sealed" | "fields" | "files">;
  readonly secrets: Readonly<Record<string, string>>;
}

const secretsIn = (secrets: Readonly<Record<string, string>> = {}): NestedId[] =>
  Object.entries(secrets).map(([field, id]) => ({ path: `secrets.${field}`, entity: "secret", id }));

async function seal(
  keyring: Keyring,
  at: Pick<ConnectionRow, "id" | "workspace_id">,
  { values = {}, secrets = {}, files = [] }: Pick<Create, "values" | "secrets" | "files">,
): Promise<Sealed> {
  const sealed = await keyring.seal(materialPlace(at.workspace_id, at.id), JSON.stringify({ values, files }));
  const named = files.map(({ path, env_name }) => ({ path, env_name: env_name ?? null }));
  return { columns: { sealed, fields: Object.keys(values), files: named }, secrets };
}

export async function prepareConnection({ db, keyring }: Used, workspaceId: string, given: Create) {
  const { mode, auth_mode, provider } = chosenRecipe(given.recipe, given.provider);
  refuseUnfit(mode, given);
  const nested = secretsIn(given.secrets);
  await ownedIn(db, workspaceId, nested);
  const id = newId("conn_");
  const { columns, secrets } = await seal(keyring, { id, workspace_id: workspaceId }, given);
  const row = {
    ...columns,
    id,
    workspace_id: workspaceId,
    name: given.name,
    provider,
    recipe_id: given.recipe.id,
    recipe_mode: auth_mode,
    expires_at: given.expires_at ? new Date(given.expires_at) : null,
  };
  return { row, secrets, nested };
}

export async function createConnection(tx: Tx, { row, secrets, nested }: Awaited<ReturnType<typeof prepareConnection>>) {
  const inserted = await rows.insertConnection(tx, row);
  if (!inserted) throw nameTaken(row.name);
  await rows.useSecrets(tx, inserted, secrets);
  await ownedIn(tx, row.workspace_id, nested);
  return inserted;
}

/** The material that would result: what is given replaces its part as a whole. Null where none is given. */
async function prepareMaterial({ db, keyring }: Used, held: ConnectionRow, given: Change): Promise<Sealed | null> {
  if (given.values === undefined && given.secrets === undefined && given.files === undefined) return null;
  const mode = modeOf(recipeOf(held.recipe_id), held.recipe_mode);
  if (!mode)
    throw new ApiError("CONFLICT", `${readingOf({ ...held, secret_fields: [], expired: false }).message}`, { reason: "recipe_gone" });
  const place = materialPlace(held.workspace_id, held.id);
  // What is replaced as a whole is not looked at, so that damaged material is mended by giving all of it.
  const stays = held.sealed !== null && (given.values === undefined || given.files === undefined) ? held.sealed : null;
  const opened = stays === null ? {} : JSON.parse((await keyring.open(place, stays)).toString("utf8"));
  const secrets = given.secrets ?? (await rows.secretsOf(db, held.id));
  const next = { values: given.values ?? opened.values, secrets, files: given.files ?? opened.files };
  refuseUnfit(mode, next);
  return seal(keyring, held, next);
}

export async function prepareChange(used: Used, held: ConnectionRow, given: Change) {
  if (held.revoked_at !== null) throw deleted(held.id);
  const material = await prepareMaterial(used, held, given);
  const nested = secretsIn(given.secrets);
  await ownedIn(used.db, held.workspace_id, nested);
  return { held, given, material, nested };
}

/** Rotated credentials leave plans as they are; other variables than those that were planned with make them stale, in this transaction. */
export async function changeConnection(
  tx: Tx,
  engine: Pick<Engine, "staleOnConnectionChange">,
  { held, given, material, nested }: Awaited<ReturnType<typeof prepareChange>>,
): Promise<ConnectionRow> {
  const before = await namesOf(tx, held);
  const next = {
    ...held,
    ...material?.columns,
    ...(given.name !== undefined && { name: given.name }),
    ...(given.expires_at !== undefined && { expires_at: given.expires_at === null ? null : new Date(given.expires_at) }),
  };
  const updated = await rows.updateConnection(tx, held, next, material !== null).catch((error: unknown) => {
    throw error instanceof UniqueViolation ? nameTaken(next.name) : error;
  });
  if (!updated)
    throw new ApiError("CONFLICT", "The connection changed at the same moment: read it again, then change it", { reason: "lost_race" });
  if (material) await rows.useSecrets(tx, updated, material.secrets);
  await ownedIn(tx, updated.workspace_id, nested);
  if ((await namesOf(tx, updated)) !== before)
    await engine.staleOnConnectionChange(tx, updated.id, `the connection ${updated.name} gives other variables since the plan`);
  return updated;
}

async function namesOf(tx: Tx, row: ConnectionRow): Promise<string> {
  const secret_fields = Object.keys(await rows.secretsOf(tx, row.id));
  const { env_names, file_env_names } = readingOf({ ...row, secret_fields, expired: false });
  return JSON.stringify([env_names, file_env_names]);
}

/** Capsules stay bound to what is left of it, which blocks them; what was planned with it is stale. */
export async function removeConnection(tx: Tx, engine: Pick<Engine, "staleOnConnectionChange">, { id }: ConnectionRow) {
  const revoked = await rows.revokeConnection(tx, id);
  if (!revoked) throw deleted(id);
  await engine.staleOnConnectionChange(tx, id, `the connection ${revoked.name} was deleted since the plan`);
  return revoked;
}

const deleted = (id: string) => new ApiError("GONE", `The connection ${id} was deleted: make a new one`, { reason: "deleted" });
const nameTaken = (name: string) =>
  new ApiError("CONFLICT", `name: ${name} is the name of another connection of this Workspace`, {
    reason: "name_taken",
    fields: [{ path: "name", message: `${name} is taken in this Workspace` }],
  });
