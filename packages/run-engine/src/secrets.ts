import { ApiError } from "@takosumi/contracts/errors";
import type { Queries } from "@takosumi/db/db";
import type { SecretRow } from "@takosumi/db/rows";
import type { Keyring } from "@takosumi/keyring/envelope";
import { secretsById } from "./queries/snapshot.ts";

export interface OpenedSecret {
  readonly name: string;
  readonly value: string;
}
/** Opens one of them; `path` is the field that a 404 names. */
export type OpenSecret = (id: string, path: string) => Promise<OpenedSecret>;

export const secretPlace = (workspace: string, id: string) => ({ table: "secrets", workspace, row: id, field: "value" }) as const;

/** Looks Secrets of a Workspace up, all at once. One of another Workspace is as a missing one: 404. */
export async function secretsIn(
  { db, keyring }: { readonly db: Queries; readonly keyring: Keyring },
  workspace: string,
  ids: readonly string[],
): Promise<OpenSecret> {
  const rows = ids.length > 0 ? await db.query<SecretRow>(secretsById, [workspace, [...new Set(ids)]]) : [];
  return async (id, path) => {
    const row = rows.find((one) => one.id === id);
    if (!row)
      throw new ApiError("NOT_FOUND", `${path}: there is no such secret`, { fields: [{ path, message: "there is no such secret" }] });
    return { name: row.name, value: (await keyring.open(secretPlace(workspace, id), row.sealed)).toString("utf8") };
  };
}
