// From the POST of a plan to its claim in a waiting runner's hands, p50 and p95 in ms, on an api without other runners:
// node tooling/bench/src/claim.ts URL [rounds], with TOKEN and RUNNER_TOKEN.
import { asCaller, asRunner, register } from "./calls.ts";
import { percentile } from "./measure.ts";

const [, , url = "http://127.0.0.1:8787", rounds = "200"] = process.argv;
const caller = asCaller(url);
const runner = await register(asRunner(url), "bench");
const { project } = await caller<{ project: { id: string } }>("/api/projects", { name: `claims ${Date.now()}` });
const source = { kind: "inline", files: { "main.tf": "" } };
const { capsule } = await caller<{ capsule: { id: string } }>("/api/capsules", { project_id: project.id, name: "claims", source });

const waits: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const claimed = runner.claim();
  const begun = performance.now();
  await caller("/api/runs", { capsule_id: capsule.id, kind: "plan" });
  const lease = await claimed;
  waits.push(performance.now() - begun);
  await runner.fail(lease);
}
console.log(
  `insert to claim over HTTP, ${rounds} rounds: p50 ${percentile(waits, 0.5).toFixed(1)} ms, p95 ${percentile(waits, 0.95).toFixed(1)} ms`,
);
