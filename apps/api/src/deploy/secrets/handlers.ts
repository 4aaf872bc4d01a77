import { secrets } from "@takosumi/contracts/deploy/secrets";
import type { SecretRow } from "@takosumi/db/rows";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { listSecrets, secretNamed } from "./repository.ts";
import { createSecret, prepareSecret, prepareValue, removeSecret, replaceValue, usesOf } from "./service.ts";

export const secretHandlers = ({ db, keyring }: Pick<Resources, "db" | "keyring">) =>
  implement(secrets, {
    create: async ({ input, workspace, write }) => {
      const prepared = await prepareSecret(keyring, workspace.id, input.name, input.value);
      return { secret: shown(await write((tx) => createSecret(tx, prepared), about)) };
    },
    list: async ({ input, workspace }) => {
      const { name, cursor, limit } = input;
      const after = afterCursor(cursor);
      const rows =
        name === undefined ? await listSecrets(db, workspace.id, after, fetchLimit(limit)) : await secretNamed(db, workspace.id, name);
      const page = paged(rows, input.limit, ({ id }) => id);
      return { secrets: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    read: async ({ secret }) => ({ secret: { ...shown(secret), used_by: await usesOf(db, secret.id) } }),
    replace: async ({ input, secret, write }) => {
      const value = await prepareValue(keyring, secret, input.value);
      return { secret: shown(await write((tx) => replaceValue(tx, secret.id, value), about)) };
    },
    remove: async ({ secret, write }) => {
      await write((tx) => removeSecret(tx, secret.id), about);
    },
  });

const about = ({ name }: SecretRow) => ({ metadata: { name } });
/** Nothing of the value, sealed or not. */
const shown = ({ id, workspace_id, name, created_at, updated_at }: SecretRow) => ({
  id,
  workspace_id,
  name,
  created_at: created_at.toISOString(),
  updated_at: updated_at.toISOString(),
});
