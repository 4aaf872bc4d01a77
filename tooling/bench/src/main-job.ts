// Plan + approve + apply of one terraform_data Capsule through the API against bare `tofu init && plan -out && show -json && apply`,
// in turn, in one run: node tooling/bench/src/main-job.ts URL TOFU [rounds] [pause], the token in TOKEN. Prints medians in ms and their
// ratio. Before each measurement it waits `pause` ms, so that neither side pays for what the other left behind; 0 is back to back.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { asCaller, type Run, reader, statuses } from "./calls.ts";
import { median, milliseconds } from "./measure.ts";

const run = promisify(execFile);
const [, , url = "http://127.0.0.1:8787", tofu = "tofu", rounds = "15", pause = "500"] = process.argv;
const settled = () => new Promise((resolve) => setTimeout(resolve, Number(pause)));
const module = `resource "terraform_data" "a" { input = "x" }\noutput "o" { value = terraform_data.a.output }\n`;

const post = asCaller(url);
const read = reader(url);

/** Follows the Run, as whoever waits for it does, up to a status that it stays in. */
async function until(id: string, wanted: string): Promise<void> {
  for await (const status of statuses(url, id)) {
    if (status === wanted) return;
    if (!["queued", "running"].includes(status)) break;
  }
  throw new Error(`${id} is not ${wanted}: ${JSON.stringify(await read(`/api/runs/${id}`))}`);
}

async function throughApi(project: string, round: number): Promise<{ total: number; plan: Run; apply: Run }> {
  const source = { kind: "inline", files: { "main.tf": module } };
  const { capsule } = await post<{ capsule: { id: string } }>("/api/capsules", {
    project_id: project,
    name: `bench-${Date.now()}-${round}`,
    source,
  });
  await settled();
  const begun = performance.now();
  const { run: queued } = await post<{ run: Run }>("/api/runs", { capsule_id: capsule.id, kind: "plan" });
  await until(queued.id, "planned");
  const { run: approved } = await post<{ run: Run }>(`/api/runs/${queued.id}/approve`, {});
  await until(approved.id, "succeeded");
  const total = performance.now() - begun;
  const [plan, apply] = await Promise.all([queued, approved].map(({ id }) => read<{ run: Run }>(`/api/runs/${id}`)));
  return { total, plan: plan!.run, apply: apply!.run };
}

async function bare(): Promise<number> {
  const cwd = await mkdtemp(join(tmpdir(), "bench-"));
  await writeFile(join(cwd, "main.tf"), module);
  await writeFile(join(cwd, "rc"), "disable_checkpoint = true\n");
  await settled();
  const options = { cwd, env: { PATH: "/usr/bin:/bin", HOME: cwd, TF_CLI_CONFIG_FILE: join(cwd, "rc") } };
  const begun = performance.now();
  await run(tofu, ["init", "-input=false"], options);
  await run(tofu, ["plan", "-input=false", "-out=p"], options);
  await run(tofu, ["show", "-json", "p"], options);
  await run(tofu, ["apply", "-input=false", "p"], options);
  const total = performance.now() - begun;
  await rm(cwd, { recursive: true });
  return total;
}

const { project } = await post<{ project: { id: string } }>("/api/projects", { name: `bench ${Date.now()}` });
await throughApi(project.id, -1);
await bare();
const totals: { api: number; bare: number }[] = [];
const parts = new Map<string, number[]>();
const note = (name: string, value: number) => parts.set(name, [...(parts.get(name) ?? []), value]);
for (let round = 0; round < Number(rounds); round++) {
  const { total, plan, apply } = await throughApi(project.id, round);
  totals.push({ api: total, bare: await bare() });
  for (const one of [plan, apply]) {
    const kind = one === plan ? "plan" : "apply";
    note(`${kind} queued`, milliseconds(one.queued_at, one.started_at));
    for (const phase of one.phases) note(`${kind} ${phase.name}`, milliseconds(phase.started_at, phase.finished_at));
    note(`${kind} from claim to end`, milliseconds(one.started_at, one.finished_at));
  }
}
const api = median(totals.map((one) => one.api));
const plain = median(totals.map((one) => one.bare));
for (const [name, values] of parts) console.log(`${name.padEnd(28)} ${median(values).toFixed(1)} ms`);
console.log(
  `api ${api.toFixed(1)} ms, bare ${plain.toFixed(1)} ms, ratio ${(api / plain).toFixed(2)}, ratio pair by pair ${median(totals.map((one) => one.api / one.bare)).toFixed(2)}`,
);
