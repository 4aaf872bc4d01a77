import { readdir, readFile } from "node:fs/promises";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import { SchemaEngine } from "@prisma/schema-engine-wasm";
import pg from "pg";

const root = new URL("../../../prisma/", import.meta.url);
const charOid = 18;
const textOid = 25;
const characterColumn = 6;

/** Every file of the schema. */
export async function schemaFiles(): Promise<{ path: string; content: string }[]> {
  const models = (await readdir(new URL("models/", root))).map((name) => `models/${name}`);
  return Promise.all(
    ["schema.prisma", ...models].map(async (path) => ({ path: `/prisma/${path}`, content: await readFile(new URL(path, root), "utf8") })),
  );
}

/** The catalogs of PostgreSQL have columns of type "char", which Prisma's adapter refuses: they travel as text and arrive as a character. */
class CatalogPool extends pg.Pool {
  readonly characters = new Set<string>();
  override query = (async (...given: unknown[]) => {
    const result: pg.QueryResult = await Reflect.apply(pg.Pool.prototype.query, this, given);
    for (const field of result.fields.filter(({ dataTypeID }) => dataTypeID === charOid)) {
      field.dataTypeID = textOid;
      this.characters.add(field.name);
    }
    return result;
  }) as pg.Pool["query"];
}

function catalogAdapter(pool: CatalogPool): PrismaPg {
  const factory = new PrismaPg(pool);
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = await connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      const columnTypes = result.columnTypes.map((type, i) => (pool.characters.has(result.columnNames[i] ?? "") ? characterColumn : type));
      return { ...result, columnTypes };
    };
    return adapter;
  };
  return factory;
}

/** The SQL that would bring a database to the shape of these schema files: empty where they agree. */
export async function difference(url: string, files: { path: string; content: string }[]): Promise<string> {
  // The engine reports its own panics through this global; without it they would hide behind a TypeError.
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => console.error(message) } });
  const pool = new CatalogPool({ connectionString: url, max: 1 });
  const datamodels = files.map(({ path, content }): [string, string] => [path, content]);
  const engine = await SchemaEngine.new({ datamodels }, () => {}, bindMigrationAwareSqlAdapterFactory(catalogAdapter(pool)));
  try {
    const { stdout } = await engine.diff({
      from: { tag: "schemaDatasource", files, configDir: "/prisma" },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: null,
      filters: { externalTables: ["public._prisma_migrations"], externalEnums: [] },
    });
    return stdout ?? "";
  } finally {
    engine.free();
    await pool.end();
  }
}
