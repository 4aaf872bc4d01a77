import { connections } from "@takosumi/contracts/deploy/connections";
import { canonicalProvider } from "@takosumi/contracts/deploy/provider-address";
import type { Queries } from "@takosumi/db/db";
import type { ConnectionRow } from "@takosumi/db/rows";
import type { Write } from "@takosumi/transport/handlers";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement, type Tx } from "../../world.ts";
import { changed, refuseEmpty } from "../patched.ts";
import { besideOf, listConnections } from "./repository.ts";
import { changeConnection, createConnection, prepareChange, prepareConnection, removeConnection } from "./service.ts";
import { shown } from "./shown.ts";

const changeable = Object.keys(connections.operations.update.spec.body.shape);
/** Capsules named beside one connection, and beside each of a list. */
const named = { one: 100, many: 3 } as const;

export const connectionHandlers = ({ db, keyring, engine }: Pick<Resources, "db" | "keyring" | "engine">) => {
  const used = { db, keyring };
  /** A change of a connection, and the connection as it then is, read in the same transaction. */
  const written = async (write: Write<Tx>, work: (tx: Tx) => Promise<ConnectionRow>, metadata: Readonly<Record<string, unknown>> = {}) => {
    let connection: ReturnType<typeof shown> | undefined;
    await write(
      async (tx) => {
        const row = await work(tx);
        connection = await view(tx, row);
        return row;
      },
      (row) => ({ metadata: { ...about(row), ...metadata } }),
    );
    return { connection: connection as NonNullable<typeof connection> };
  };
  return implement(connections, {
    create: async ({ input, workspace, write }) => {
      const prepared = await prepareConnection(used, workspace.id, input);
      return written(write, (tx) => createConnection(tx, prepared));
    },
    list: async ({ input: { limit, cursor, provider }, workspace }) => {
      const rows = await listConnections(db, workspace.id, {
        after: afterCursor(cursor),
        provider: provider && canonicalProvider(provider),
        take: fetchLimit(limit),
      });
      const page = paged(rows, limit, ({ id }) => id);
      return { connections: await viewAll(db, page.rows, named.many), next_cursor: page.next_cursor };
    },
    read: async ({ connection }) => ({ connection: await view(db, connection) }),
    update: async ({ input: { id: _, ...given }, connection, write }) => {
      refuseEmpty(given, changeable);
      const prepared = await prepareChange(used, connection, given);
      return written(write, (tx) => changeConnection(tx, engine, prepared), { changed: changed(given) });
    },
    remove: async ({ connection, write }) => {
      await write(
        (tx) => removeConnection(tx, engine, connection),
        (row) => ({ metadata: about(row) }),
      );
    },
  });
};

const viewAll = async (db: Queries, rows: readonly ConnectionRow[], capsules: number) => {
  const beside = await besideOf(
    db,
    rows.map(({ id }) => id),
    capsules,
  );
  return rows.map((row) => shown(row, beside.get(row.id) ?? { id: row.id, secret_fields: [], expired: false, used: 0, capsules: [] }));
};
const view = async (db: Queries, row: ConnectionRow) => (await viewAll(db, [row], named.one))[0] as ReturnType<typeof shown>;

const about = ({ name, provider, recipe_id, recipe_mode }: ConnectionRow) => ({
  name,
  provider,
  recipe: recipe_id,
  auth_mode: recipe_mode,
});
