import type { Db } from "./db.ts";
import { statement } from "./sql.ts";

/** Where a sealed value opens: the keyring's. */
interface Place {
  readonly table: string;
  readonly workspace: string;
  readonly row: string;
  readonly field: string;
}
type Row = Readonly<Record<string, unknown>>;
interface SealedValue {
  readonly place: Place;
  readonly sealed: string;
}

/** A column that holds sealed texts, or MACs. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  readonly key: readonly string[];
  /** `mac` proves something of other columns: who knows those makes it anew, not who seals. */
  readonly kind: "text" | "mac";
  /** Further columns that a place is made of. */
  readonly beside: readonly string[];
  /** The sealed values of a row. */
  values(row: Row): readonly SealedValue[];
  /** The column with these texts in the place of those values, in their order. */
  with(row: Row, sealed: readonly string[]): unknown;
}

const single = (
  table: string,
  column: string,
  kind: SealedColumn["kind"],
  place: (row: Row) => Omit<Place, "table">,
  key: readonly string[] = ["id"],
  beside: readonly string[] = ["workspace_id"],
): SealedColumn => ({
  table,
  column,
  key,
  kind,
  beside,
  values: (row) =>
    typeof row[column] === "string" && row[column] !== "" ? [{ place: { table, ...place(row) }, sealed: row[column] }] : [],
  with: (_, [sealed]) => sealed,
});
const own = (field: string) => (row: Row) => ({ workspace: String(row.workspace_id), row: String(row.id), field });
const claim = (row: Row) => ({ workspace: "instance", row: `${row.principal_id} ${row.key}`, field: "answer" });
/** A Run that executes a plan has the variables of that plan, sealed for it. */
const variableSet = (row: Row) => ({ workspace: String(row.workspace_id), row: String(row.plan_run_id ?? row.id), field: "variable_set" });
const signingKey = (row: Row) => ({ workspace: "instance", row: String(row.id), field: "private_key" });
const envKey = ["workspace_id", "name"];
const claimKey = ["principal_id", "key"];

type Variable = Readonly<Record<string, unknown>> & { readonly kind: string; readonly name: string; readonly sealed: string | null };
const variables: SealedColumn = {
  table: "capsules",
  column: "variables",
  key: ["id"],
  kind: "text",
  beside: ["workspace_id"],
  values: (row) =>
    (row.variables as readonly Variable[]).flatMap(({ kind, name, sealed }) =>
      sealed === null ? [] : [{ place: { table: "capsules", ...own(`variables.${kind}.${name}`)(row) }, sealed }],
    ),
  with: (row, sealed) => {
    const next = [...sealed];
    return JSON.stringify(
      (row.variables as readonly Variable[]).map((one) => (one.sealed === null ? one : { ...one, sealed: next.shift() ?? one.sealed })),
    );
  },
};

/** Every column that holds something sealed. A test looks through the database of a busy instance for others. */
export const sealedColumns: readonly SealedColumn[] = [
  single("secrets", "sealed", "text", own("value")),
  single("connections", "sealed", "text", own("material")),
  variables,
  single("webhooks", "secret", "text", own("secret")),
  single("runs", "variable_set", "text", variableSet, ["id"], ["workspace_id", "plan_run_id"]),
  single("runs", "seal", "mac", own("seal")),
  single("mail_outbox", "sealed", "text", (row) => ({ workspace: "instance", row: String(row.id), field: "sealed" }), ["id"], []),
  single(
    "common_env",
    "sealed",
    "text",
    (row) => ({ workspace: String(row.workspace_id), row: String(row.name), field: "value" }),
    envKey,
    [],
  ),
  single("idempotency_claims", "answer", "text", claim, claimKey, []),
  single("oauth_signing_keys", "sealed", "text", signingKey, ["id"], []),
];

const batch = 200;
const sql = ({ table, column, key, beside }: SealedColumn) => {
  const columns = [...key, ...beside, column].join(", ");
  const jsonb = column === "variables" ? "::jsonb" : "";
  const at = key.map((name, i) => `${name} = $${i + 1}`).join(" AND ");
  const [before, after] = [key.length + 1, key.length + 2];
  return {
    page: statement(
      `sealed_page_${table}_${column}`,
      `SELECT ${columns} FROM ${table} WHERE (${key.join(", ")}) > (${key.map((_, i) => `$${i + 1}`).join(", ")}) ORDER BY ${key.join(", ")} LIMIT ${batch}`,
    ),
    // Only where nobody changed it meanwhile.
    put: statement(
      `sealed_put_${table}_${column}`,
      `UPDATE ${table} SET ${column} = $${after}${jsonb} WHERE ${at} AND ${column} = $${before}${jsonb} RETURNING ${key[0]}`,
    ),
  };
};

/** Every row of a column, in batches. Plan: primary key from the cursor on. */
export async function* sealedRows(db: Pick<Db, "query">, column: SealedColumn): AsyncGenerator<Row> {
  const { page } = sql(column);
  for (let after: unknown[] = column.key.map(() => ""); ; ) {
    const rows = await db.query<Row>(page, after);
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < batch) return;
    after = column.key.map((name) => last[name]);
  }
}

/** Seals anew what `old` says. Answers how many rows were changed; one that somebody changed at the same moment is left to the next round. */
export async function resealColumn(
  db: Pick<Db, "query" | "one">,
  column: SealedColumn,
  old: (value: SealedValue) => boolean,
  reseal: (place: Place, sealed: string) => Promise<string>,
): Promise<number> {
  const { put } = sql(column);
  let changed = 0;
  for await (const row of sealedRows(db, column)) {
    const values = column.values(row);
    if (!values.some(old)) continue;
    const sealed = await Promise.all(values.map(async (value) => (old(value) ? reseal(value.place, value.sealed) : value.sealed)));
    const before = column.column === "variables" ? JSON.stringify(row.variables) : row[column.column];
    if (await db.one(put, [...column.key.map((name) => row[name]), before, column.with(row, sealed)])) changed++;
  }
  return changed;
}
