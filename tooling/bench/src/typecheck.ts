// How long the type check takes as it is, and with 400 generated operations and their handlers beside the product's:
// node tooling/bench/src/typecheck.ts. Writes below node_modules only, and removes it.
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { families } from "@takosumi/contracts/families";
import { median } from "./measure.ts";

const root = new URL("../../../", import.meta.url).pathname;
const generated = join(root, "apps/api/node_modules/.bench");
const run = promisify(execFile);

const operation = (family: number, one: number) => `
  read${one}: get("/api/bench${family}/:id/read${one}", {
    summary: "r", access: can("run:read", { run: "id" }), query: z.object({ a${one}: z.string().optional(), ...paging }),
    output: z.object({ rows: z.array(Thing), ...nextCursor }),
  }),
  write${one}: post("/api/bench${family}/:id/write${one}", {
    summary: "w", access: can("run:plan", { run: "id" }), audit: "bench.written", body: z.strictObject({ name: z.string(), n: z.int(), tags: z.array(z.string()) }),
    output: z.object({ thing: Thing }), status: 201, errors: ["CONFLICT"],
  }),`;
const handler = (one: number) => `
  read${one}: ({ run, input }) => ({ rows: [{ id: run.id, name: input.a${one} ?? "", n: input.limit }], next_cursor: null }),
  write${one}: async ({ run, input, write }) => { await write(() => run); return { thing: { id: run.id, name: input.name, n: input.n } }; },`;
const file = (family: number) => `import { can } from "@takosumi/contracts/access";
import { family, get, post } from "@takosumi/contracts/define";
import { nextCursor, opaqueId, paging } from "@takosumi/contracts/fields";
import { z } from "zod";
import { implement } from "../../src/world.ts";
const Thing = z.object({ id: opaqueId, name: z.string(), n: z.int() });
export const bench${family} = family("bench${family}", { context: "deploy", about: "b" }, {${[0, 1, 2, 3, 4].map((one) => operation(family, one)).join("")}
});
export const handlers${family} = implement(bench${family}, {${[0, 1, 2, 3, 4].map(handler).join("")}
});
`;

async function check(project: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const begun = performance.now();
    await run(join(root, "node_modules/.bin/tsc"), ["-p", project], { cwd: root });
    times.push(performance.now() - begun);
  }
  return median(times);
}

await mkdir(generated, { recursive: true });
const names = Array.from({ length: 40 }, (_, family) => family);
await Promise.all(names.map((family) => writeFile(join(generated, `bench${family}.ts`), file(family))));
const router = `import type { RouterOf } from "@takosumi/contracts/router";\n${names.map((n) => `import { bench${n} } from "./bench${n}.ts";`).join("\n")}
export const all = { ${names.map((n) => `bench${n}`).join(", ")} } as const;\nexport type Router = RouterOf<typeof all>;\n`;
await writeFile(join(generated, "router.ts"), router);
const sources = ["packages/*/src", "packages/db/generated", "apps/*/src"].map((path) => join(root, path));
const project = async (name: string, include: readonly string[]) => {
  const path = join(generated, name);
  await writeFile(path, JSON.stringify({ extends: join(root, "tooling/typescript/tsconfig.json"), include, exclude: [] }));
  return path;
};
const operations = Object.values(families).reduce((count, family) => count + Object.keys(family.operations).length, 0);
const own = await check(await project("own.json", sources));
const more = await check(await project("more.json", [...sources, generated]));
await rm(generated, { recursive: true });
console.log(`all sources with ${operations} operations: ${own.toFixed(0)} ms; with 400 more and their handlers: ${more.toFixed(0)} ms`);
