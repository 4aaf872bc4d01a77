import type { Queries } from "@takosumi/db/db";
import type { CommonEnvRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Keyring } from "@takosumi/keyring/envelope";

/** Where the value of a space's variable is sealed. */
export const commonEnvPlace = (workspace: string, name: string) => ({ table: "common_env", workspace, row: name, field: "value" }) as const;

// Plan: common_env_pkey. There are at most 200.
const all = statement("common_env_of_workspace", "SELECT * FROM common_env WHERE workspace_id = $1 ORDER BY name");
/** The environment variables that every Run of a space gets, but for those of these names, opened. */
export async function commonEnvOf(
  { db, keyring }: { readonly db: Queries; readonly keyring: Keyring },
  workspace: string,
  but: ReadonlySet<string>,
): Promise<{ readonly name: string; readonly value: string; readonly secret: boolean }[]> {
  const rows = (await db.query<CommonEnvRow>(all, [workspace])).filter(({ name }) => !but.has(name));
  return Promise.all(
    rows.map(async ({ name, secret, sealed }) => ({
      name,
      secret,
      value: (await keyring.open(commonEnvPlace(workspace, name), sealed)).toString("utf8"),
    })),
  );
}
