import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import type { Queries } from "@takosumi/db/db";
import type { SecretRow } from "@takosumi/db/rows";
import type { Keyring } from "@takosumi/keyring/envelope";
import type { Tx } from "../../world.ts";
import { connectionsOfSecret, deleteSecret, holdSecret, insertSecret, replaceSecret, usersOfSecret } from "./repository.ts";

/** Capsules and connections named where a Secret is in use. */
const named = 10;
const shownUses = 100;
const gone = () => new ApiError("NOT_FOUND", "There is no such secret");

/** Sealed before the transaction: a key service may be slow. */
const sealed = (keyring: Keyring, workspace: string, id: string, value: string): Promise<string> =>
  keyring.seal({ table: "secrets", workspace, row: id, field: "value" }, value);

export async function prepareSecret(keyring: Keyring, workspaceId: string, name: string, value: string) {
  const id = newId("sec_");
  return { id, workspace_id: workspaceId, name, sealed: await sealed(keyring, workspaceId, id, value) };
}

export async function createSecret(tx: Tx, prepared: Awaited<ReturnType<typeof prepareSecret>>): Promise<SecretRow> {
  const inserted = await insertSecret(tx, prepared);
  if (inserted) return inserted;
  const message = `${prepared.name} is the name of another Secret of this Workspace`;
  throw new ApiError("CONFLICT", `name: ${message}. Replace its value with PUT, or choose another name`, {
    reason: "name_taken",
    fields: [{ path: "name", message }],
  });
}

export const prepareValue = (keyring: Keyring, { workspace_id, id }: SecretRow, value: string): Promise<string> =>
  sealed(keyring, workspace_id, id, value);

export async function replaceValue(tx: Tx, id: string, value: string): Promise<SecretRow> {
  const replaced = await replaceSecret(tx, id, value);
  if (!replaced) throw gone();
  return replaced;
}

/** What uses a Secret, as far as it is shown. */
export async function usesOf(db: Queries, id: string) {
  const [capsules, connections] = await Promise.all([usersOfSecret(db, id, shownUses + 1), connectionsOfSecret(db, id, shownUses + 1)]);
  return {
    capsules: capsules.slice(0, shownUses),
    connections: connections.slice(0, shownUses),
    truncated: Math.max(capsules.length, connections.length) > shownUses,
  };
}

export async function removeSecret(tx: Tx, id: string): Promise<SecretRow> {
  const held = await holdSecret(tx, id);
  if (!held) throw gone();
  const capsules = await usersOfSecret(tx, id, named + 1);
  const connections = await connectionsOfSecret(tx, id, named + 1);
  const users = [
    ...(capsules.length > 0 ? [namesOf(capsules)] : []),
    ...(connections.length > 0 ? [`the connections ${namesOf(connections)}`] : []),
  ];
  if (users.length > 0)
    throw new ApiError("CONFLICT", `The Secret ${held.name} is used by ${users.join(", and by ")}: take it out of them first`, {
      reason: "in_use",
      capsules: capsules.slice(0, named),
      connections: connections.slice(0, named),
    });
  await deleteSecret(tx, id);
  return held;
}

function namesOf(users: readonly { readonly name: string }[]): string {
  const names = users.slice(0, named).map(({ name }) => name);
  return `${names.join(", ")}${users.length > named ? " and others" : ""}`;
}
