import type { Keyring } from "@takosumi/keyring/envelope";
import type { Given } from "@takosumi/recipes/material";
import type { KnownConnection, SealedField } from "./queries/connections.ts";
import { secretPlace } from "./secrets.ts";

/** Where the material of a connection lies sealed: it opens in that row of that Workspace and nowhere else. */
export const materialPlace = (workspace: string, connection: string) =>
  ({ table: "connections", workspace, row: connection, field: "material" }) as const;

/** The contents of a connection with those of its Secrets, in plaintext: only ever in memory. SealError where one is not what was stored there. */
export async function openMaterial(
  keyring: Keyring,
  { id, workspace_id, sealed }: Pick<KnownConnection, "id" | "workspace_id" | "sealed">,
  secrets: readonly SealedField[],
): Promise<Given> {
  if (sealed === null) throw new Error(`The connection ${id} has no material`);
  const opened = JSON.parse((await keyring.open(materialPlace(workspace_id, id), sealed)).toString("utf8")) as Given;
  const own = secrets.filter(({ connection_id }) => connection_id === id);
  const open = async ({ field, id: secret, sealed: text }: SealedField) =>
    [field, (await keyring.open(secretPlace(workspace_id, secret), text)).toString("utf8")] as const;
  return { ...opened, values: { ...opened.values, ...Object.fromEntries(await Promise.all(own.map(open))) } };
}
