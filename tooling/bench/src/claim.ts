// From the POST of a plan to its claim in a waiting runner's hands, p50 and p95 in ms, on an api without other runners:
// node tooling/bench/src/claim.ts URL [rounds], with TOKEN and RUNNER_TOKEN.
import { env } from "./env.ts";
import { percentile } from "./measure.ts";

const [, , url = "http://127.0.0.1:8787", rounds = "200"] = process.argv;

async function call<T>(token: string, path: string, body: object): Promise<T> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
const asCaller = <T>(path: string, body: object) => call<T>(env.TOKEN, path, body);
const asRunner = <T>(path: string, body: object) => call<T>(env.RUNNER_TOKEN, `/api/runner${path}`, body);

const tools = [{ name: "opentofu", version: "1.12.6" }];
const sandbox = { kind: "none", not_isolated: [] };
const { runner } = await asRunner<{ runner: { id: string } }>("/register", {
  instance: "bench",
  name: "bench",
  version: "0",
  slots: 1,
  tools,
  sandbox,
});
const { project } = await asCaller<{ project: { id: string } }>("/api/projects", { name: `claims ${Date.now()}` });
const source = { kind: "inline", files: { "main.tf": "" } };
const { capsule } = await asCaller<{ capsule: { id: string } }>("/api/capsules", { project_id: project.id, name: "claims", source });

const waits: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const claimed = asRunner<{ lease: { run_id: string; epoch: number } | null }>("/claim", {
    runner_id: runner.id,
    wait_seconds: 20,
    tools,
  });
  const begun = performance.now();
  await asCaller("/api/runs", { capsule_id: capsule.id, kind: "plan" });
  const { lease } = await claimed;
  waits.push(performance.now() - begun);
  if (!lease) throw new Error("nothing was claimed");
  const error = { code: "BENCH", message: "measured", details: null };
  const outcome = { result: "failed", tool: null, error, diagnostics: [], state: null, summary: null, duration_ms: 0 };
  await asRunner(`/runs/${lease.run_id}/complete`, { runner_id: runner.id, epoch: lease.epoch, last_sequence: 0, outcome });
}
console.log(
  `insert to claim over HTTP, ${rounds} rounds: p50 ${percentile(waits, 0.5).toFixed(1)} ms, p95 ${percentile(waits, 0.95).toFixed(1)} ms`,
);
