import { running } from "./running.ts";
import { fastify } from "fastify";
const on = await running();
const plain = fastify({ logger: false });
plain.get("/api/things/:id", async (req) => {
  const a = await on.memory.authenticate({ headers: req.headers, scheme: "any" } as never);
  const f = await on.memory.locate("capsule", (req.params as {id: string}).id, a, {});
  return { thing: { id: (f!.row as {id: string}).id, name: (f!.row as {name:string}).name } };
});
await plain.ready();
const h = { authorization: "Bearer viewer" };
async function go(app: typeof plain, n: number) { const t = process.cpuUsage(); for (let i = 0; i < n; i++) await app.inject({ url: "/api/things/cap_1", headers: h }); const c = process.cpuUsage(t); return ((c.user+c.system)/n).toFixed(1); }
await go(on.app as never, 5000); await go(plain, 5000);
for (let i = 0; i < 4; i++) console.log("ours", await go(on.app as never, 10000), "plain", await go(plain, 10000));
await on.close();
