// A plan of the same module from a git repository and inline, in turn, in one run: node tooling/bench/src/git-source.ts URL GIT_URL [rounds],
// the token in TOKEN. The repository holds `main.tf` as below, and its host is one that the runner may reach. Prints medians in ms.
import { env } from "./env.ts";
import { median, milliseconds } from "./measure.ts";

const [, , url = "http://127.0.0.1:8787", repository = "", rounds = "15"] = process.argv;
const module = `resource "terraform_data" "a" { input = "x" }\noutput "o" { value = terraform_data.a.output }\n`;

interface Run {
  readonly id: string;
  readonly status: string;
  readonly error: unknown;
  readonly started_at: string;
  readonly finished_at: string;
  readonly phases: readonly { readonly name: string; readonly started_at: string; readonly finished_at: string }[];
}

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${env.TOKEN}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

async function planned(capsule_id: string): Promise<{ whole: number; preparing: number }> {
  const { run } = await call<{ run: Run }>("POST", "/api/runs", { capsule_id, kind: "plan" });
  for (;;) {
    const { run: now } = await call<{ run: Run }>("GET", `/api/runs/${run.id}`);
    const [preparing] = now.phases;
    if (now.status === "planned" && preparing)
      return { whole: milliseconds(now.started_at, now.finished_at), preparing: milliseconds(preparing.started_at, preparing.finished_at) };
    if (!["queued", "running"].includes(now.status)) throw new Error(`${now.id} is ${now.status}: ${JSON.stringify(now.error)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const { project } = await call<{ project: { id: string } }>("POST", "/api/projects", { name: `bench ${Date.now()}` });
const capsule = async (name: string, source: object): Promise<string> =>
  (await call<{ capsule: { id: string } }>("POST", "/api/capsules", { project_id: project.id, name, source })).capsule.id;
const inline = await capsule("inline", { kind: "inline", files: { "main.tf": module } });
const git = await capsule("git", { kind: "git", url: repository });
const first = await planned(git);
await planned(inline);
const seen: { inline: { whole: number; preparing: number }; git: { whole: number; preparing: number } }[] = [];
for (let round = 0; round < Number(rounds); round++) seen.push({ inline: await planned(inline), git: await planned(git) });
for (const part of ["preparing", "whole"] as const) {
  const [plain, fetched] = [median(seen.map((one) => one.inline[part])), median(seen.map((one) => one.git[part]))];
  const more = median(seen.map((one) => one.git[part] - one.inline[part]));
  console.log(
    `${part.padEnd(10)} inline ${plain.toFixed(0)} ms, git that did not move ${fetched.toFixed(0)} ms, ${more.toFixed(0)} ms more, ratio ${(fetched / plain).toFixed(2)}`,
  );
}
console.log(`the first fetch: preparing ${first.preparing.toFixed(0)} ms, whole ${first.whole.toFixed(0)} ms`);
