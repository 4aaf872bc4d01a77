import { Agent, request } from "node:http";
import { fastify } from "fastify";
import { running } from "./running.ts";
const on = await running();
const plain = fastify({ logger: false });
plain.get("/api/things/:id", async (req) => {
  const a = await on.memory.authenticate({ headers: req.headers, scheme: "any" } as never);
  const f = await on.memory.locate("capsule", (req.params as {id: string}).id, a, {});
  return { thing: { id: (f!.row as {id: string}).id, name: (f!.row as {name:string}).name } };
});
await plain.listen({ port: 0, host: "127.0.0.1" });
const port2 = (plain.server.address() as { port: number }).port;
const agent = new Agent({ keepAlive: true, maxSockets: 20 });
const one = (port: number) => new Promise<void>((resolve, reject) => {
  request({ port, host: "127.0.0.1", path: "/api/things/cap_1", agent, headers: { authorization: "Bearer viewer" } }, (r) => { r.resume(); r.on("end", resolve); if (r.statusCode !== 200) reject(new Error(String(r.statusCode))); }).on("error", reject).end();
});
async function round(port: number, n: number) {
  const t = process.cpuUsage(); const w = performance.now();
  let left = n;
  await Promise.all(Array.from({ length: 20 }, async () => { while (left-- > 0) await one(port); }));
  const c = process.cpuUsage(t);
  return [(c.user + c.system) / n, (performance.now() - w) * 1000 / n];
}
for (const p of [on.port, port2, on.port, port2, on.port, port2]) console.log(p === on.port ? "ours " : "plain", (await round(p, 8000)).map((x) => x.toFixed(1)));
// pure server cost by inject
for (const [name, app] of [["ours", on.app], ["plain", plain], ["ours", on.app], ["plain", plain]] as const) {
  const t = performance.now();
  for (let i = 0; i < 20000; i++) await app.inject({ url: "/api/things/cap_1", headers: { authorization: "Bearer viewer" } });
  console.log(name, ((performance.now() - t) / 20000 * 1000).toFixed(1), "us inject");
}
await on.close(); await plain.close(); agent.destroy();
