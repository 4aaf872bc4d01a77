// GET /api/capsules/:id against a plain Fastify + pg route that does the same two reads, in turn, in one run:
// node tooling/bench/src/capsule-read.ts URL [requests a round], with TOKEN and DATABASE_URL. Prints requests a second and their ratio.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { env } from "./env.ts";
import { median } from "./measure.ts";

const [, , url = "http://127.0.0.1:8787", requests = "2000"] = process.argv;
const headers = { authorization: `Bearer ${env.TOKEN}` };
const post = async <T>(path: string, body: object): Promise<T> =>
  (
    await fetch(url + path, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) })
  ).json() as Promise<T>;

const { project } = await post<{ project: { id: string } }>("/api/projects", { name: `reads ${Date.now()}` });
const source = { kind: "inline", files: { "main.tf": "" } };
const { capsule } = await post<{ capsule: { id: string } }>("/api/capsules", { project_id: project.id, name: "reads", source });

const plain = spawn(process.execPath, [new URL("./plain-server.ts", import.meta.url).pathname], {
  env: { PATH: env.PATH, DATABASE_URL: env.DATABASE_URL },
  stdio: ["ignore", "pipe", "inherit"],
});
const [line] = (await once(plain.stdout, "data")) as [Buffer];
const other = line.toString().trim();

async function rate(base: string): Promise<number> {
  const path = `${base}/api/capsules/${capsule.id}`;
  let left = Number(requests);
  const begun = performance.now();
  const one = async () => {
    while (left-- > 0) {
      const response = await fetch(path, { headers });
      if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
  return (Number(requests) / (performance.now() - begun)) * 1000;
}

await rate(url);
await rate(other);
const pairs: { ours: number; plain: number }[] = [];
for (let round = 0; round < 7; round++) pairs.push({ ours: await rate(url), plain: await rate(other) });
plain.kill();
const [ours, bare] = [median(pairs.map((pair) => pair.ours)), median(pairs.map((pair) => pair.plain))];
console.log(
  `api ${ours.toFixed(0)}/s, fastify + pg ${bare.toFixed(0)}/s, ratio pair by pair ${median(pairs.map((pair) => pair.ours / pair.plain)).toFixed(2)}`,
);
