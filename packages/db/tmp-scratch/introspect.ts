(globalThis as any).PRISMA_WASM_PANIC_REGISTRY = { set_message: (m: string) => console.error("PANIC", m) };
import { readFileSync } from "node:fs";
import pg from "pg";
import { PrismaPg } from "@prisma/adapter-pg";
import { SchemaEngine } from "@prisma/schema-engine-wasm";
const url = "postgres://postgres@127.0.0.1:55991/postgres";
const c = new pg.Client(url);
await c.connect();
await c.query("drop schema public cascade; create schema public");
await c.query(readFileSync("/work/main/prisma/migrations/0001_main_job/migration.sql", "utf8"));
await c.end();
const schema = 'datasource db {\n provider = "postgresql"\n}\ngenerator client {\n provider = "prisma-client"\n output = "/x"\n}\n';
const chars = new Set<string>();
class P extends pg.Pool {
  async query(...a: any[]) {
    const r = await (pg.Pool.prototype.query as any).apply(this, a);
    for (const x of r.fields)
      if (x.dataTypeID === 18) {
        x.dataTypeID = 25;
        chars.add(x.name);
      }
    return r;
  }
}
const f = new PrismaPg(new P({ connectionString: url }));
const wrap = (a: any) => {
  const q = a.queryRaw.bind(a);
  a.queryRaw = async (x: any) => {
    const r = await q(x);
    r.columnNames.forEach((t: string, i: number) => {
      if (chars.has(t)) r.columnTypes[i] = 6;
    });
    return r;
  };
  return a;
};
const cc = f.connect.bind(f);
f.connect = async () => wrap(await cc());
const { bindMigrationAwareSqlAdapterFactory } = await import("@prisma/driver-adapter-utils");
const e = await SchemaEngine.new(
  { datamodels: [["/s/schema.prisma", schema]] },
  (x: unknown) => console.error(x),
  bindMigrationAwareSqlAdapterFactory(f),
);
const r = await e.introspect({
  schema: { files: [{ path: "/s/schema.prisma", content: schema }] },
  baseDirectoryPath: "/s",
  force: true,
  compositeTypeDepth: -1,
  namespaces: null,
});
console.log(r.schema.files[0].content);
console.error(r.warnings);
