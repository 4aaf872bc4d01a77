// A plan and its apply of the same module: inline and without credentials, and out of a git repository with one connection; in turn, in
// one run: node tooling/bench/src/git-source.ts URL GIT_URL [rounds], the token in TOKEN. The repository holds `main.tf` as below, and its
// host is one that the runner may reach. Prints medians in ms.
import { asCaller, type Run, reader } from "./calls.ts";
import { median, milliseconds } from "./measure.ts";

const [, , url = "http://127.0.0.1:8787", repository = "", rounds = "15"] = process.argv;
/** Another one each time, so that there is something to apply. */
const module = `resource "terraform_data" "a" { input = timestamp() }\n`;
const provider = "terraform.io/builtin/terraform";

const post = asCaller(url);
const read = reader(url);

async function ended(id: string): Promise<Run> {
  for (;;) {
    const { run } = await read<{ run: Run }>(`/api/runs/${id}`);
    if (run.status === "planned" || run.status === "succeeded") return run;
    if (!["queued", "running"].includes(run.status)) throw new Error(`${run.id} is ${run.status}: ${JSON.stringify(run.error)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
const whole = (run: Run) => milliseconds(run.started_at, run.finished_at);

async function measured(capsule_id: string) {
  const planned = await ended((await post<{ run: Run }>("/api/runs", { capsule_id, kind: "plan" })).run.id);
  const applied = await ended((await post<{ run: Run }>(`/api/runs/${planned.id}/approve`, {})).run.id);
  const preparing = planned.phases.find(({ name }) => name === "preparing");
  if (!preparing) throw new Error(`${planned.id} was not prepared`);
  return { preparing: milliseconds(preparing.started_at, preparing.finished_at), plan: whole(planned), apply: whole(applied) };
}
type Measured = Awaited<ReturnType<typeof measured>>;

const stamp = Date.now();
const { project } = await post<{ project: { id: string } }>("/api/projects", { name: `bench ${stamp}` });
const capsule = async (name: string, source: object, more: object = {}): Promise<string> =>
  (await post<{ capsule: { id: string } }>("/api/capsules", { project_id: project.id, name, source, ...more })).capsule.id;
const given = { name: `bench ${stamp}`, provider, recipe: { id: "generic-env" }, values: { BENCH_TOKEN: "a-token-of-the-bench" } };
const { connection } = await post<{ connection: { id: string } }>("/api/connections", given);
const plain = await capsule("plain", { kind: "inline", files: { "main.tf": module } });
const bound = { provider_bindings: [{ provider, connection_id: connection.id }] };
const fetched = await capsule("git", { kind: "git", url: repository }, bound);
const first = await measured(fetched);
await measured(plain);
const seen: { plain: Measured; git: Measured }[] = [];
for (let round = 0; round < Number(rounds); round++) seen.push({ plain: await measured(plain), git: await measured(fetched) });
for (const part of ["preparing", "plan", "apply"] as const) {
  const [without, having] = [median(seen.map((one) => one.plain[part])), median(seen.map((one) => one.git[part]))];
  const more = median(seen.map((one) => one.git[part] - one.plain[part]));
  console.log(
    `${part.padEnd(10)} without ${without.toFixed(0)} ms, with git and a connection ${having.toFixed(0)} ms, ${more.toFixed(0)} ms more, ratio ${(having / without).toFixed(2)}`,
  );
}
console.log(`the first fetch: preparing ${first.preparing.toFixed(0)} ms, the plan ${first.plan.toFixed(0)} ms`);
