// What a tool prints: node tooling/bench/src/printed-lines.ts URL TOFU [lines] [rounds], the token in TOKEN, on an api with a real runner.
// First ms from a line's printing to one follower, while a provisioner prints the time every 20 ms. Then an apply that prints `lines` lines
// without a pause, through the API until its last line was heard, against bare `tofu apply`, in turn; the ratio of the medians.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asCaller } from "./calls.ts";
import { env } from "./env.ts";
import { median, percentile } from "./measure.ts";

const [, , url = "http://127.0.0.1:8787", tofu = "tofu", lines = "200000", rounds = "3"] = process.argv;
const post = asCaller(url);
const printing = (command: string) => `resource "terraform_data" "a" {\n  provisioner "local-exec" { command = "${command}" }\n}\n`;
const { project } = await post<{ project: { id: string } }>("/api/projects", { name: `lines ${Date.now()}` });

/** Calls `heard` with every piece of the log as it comes, until the Run is in a status that it stays in. */
async function follow(run: string, heard: (text: string) => void): Promise<string> {
  const response = await fetch(`${url}/api/runs/${run}/sse`, { headers: { authorization: `Bearer ${env.TOKEN}` } });
  if (!response.body) throw new Error(`The stream answered ${response.status}`);
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const frames = (rest + text).split("\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      if (!frame.startsWith("data: {")) continue;
      const event = JSON.parse(frame.slice(6)) as { type?: string; text?: string; status?: string };
      if (event.type === "log") heard(event.text ?? "");
      if (event.type === "status" && !["queued", "running"].includes(event.status ?? "")) return event.status ?? "";
    }
  }
  return "nothing";
}
/** A plan of a module that prints, and then its apply; ms from the approval to the end of its stream. */
async function throughApi(command: string, heard: (text: string) => void): Promise<number> {
  const source = { kind: "inline", files: { "main.tf": printing(command) } };
  const named = { project_id: project.id, name: `lines-${Date.now()}`, source };
  const { capsule } = await post<{ capsule: { id: string } }>("/api/capsules", named);
  const { run: plan } = await post<{ run: { id: string } }>("/api/runs", { capsule_id: capsule.id, kind: "plan" });
  if ((await follow(plan.id, () => undefined)) !== "planned") throw new Error(`${plan.id} was not planned`);
  const begun = performance.now();
  const { run: apply } = await post<{ run: { id: string } }>(`/api/runs/${plan.id}/approve`, {});
  if ((await follow(apply.id, heard)) !== "succeeded") throw new Error(`${apply.id} did not succeed`);
  return performance.now() - begun;
}
async function bare(command: string): Promise<number> {
  const cwd = await mkdtemp(join(tmpdir(), "bench-"));
  await writeFile(join(cwd, "main.tf"), printing(command));
  const run = (...args: string[]) =>
    new Promise<void>((resolve, reject) => {
      const child = spawn(tofu, [...args, "-no-color"], { cwd, env: { PATH: env.PATH, HOME: cwd }, stdio: ["ignore", "pipe", "ignore"] });
      child.stdout.resume();
      child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`tofu ${args[0]} ended with ${code}`))));
    });
  await run("init", "-input=false");
  await run("plan", "-input=false", "-out=p");
  const begun = performance.now();
  await run("apply", "-input=false", "p");
  const took = performance.now() - begun;
  await rm(cwd, { recursive: true });
  return took;
}

const waits: number[] = [];
await throughApi("for i in $(seq 500); do date +%s%3N; sleep 0.02; done", (text) => {
  const now = Date.now();
  for (const [, printed] of text.matchAll(/\(local-exec\): (\d{13})/g)) waits.push(now - Number(printed));
});
console.log(
  `printed to received, ${waits.length} lines: p50 ${percentile(waits, 0.5)} ms, p95 ${percentile(waits, 0.95)} ms, p99 ${percentile(waits, 0.99)} ms`,
);
const loud = `seq 1 ${lines}`;
const totals: { readonly api: number; readonly bare: number }[] = [];
for (let round = 0; round < Number(rounds); round++) {
  let heard = 0;
  const api = await throughApi(loud, (text) => {
    heard += text.split("(local-exec): ").length - 1;
  });
  // The line that names the command counts, too.
  if (heard < Number(lines)) throw new Error(`${heard} of ${lines} lines were heard`);
  totals.push({ api, bare: await bare(loud) });
}
const [api, plain] = [median(totals.map((one) => one.api)), median(totals.map((one) => one.bare))];
console.log(`${lines} lines: api ${api.toFixed(0)} ms, bare ${plain.toFixed(0)} ms, ratio ${(api / plain).toFixed(2)}`);
process.exit(0);
