// A plan of the same module from a git repository and inline, in turn, in one run: node tooling/bench/src/git-source.ts URL GIT_URL [rounds],
// the token in TOKEN. The repository holds `main.tf` as below, and its host is one that the runner may reach. Prints medians in ms.
import { asCaller, type Run, reader } from "./calls.ts";
import { median, milliseconds } from "./measure.ts";

const [, , url = "http://127.0.0.1:8787", repository = "", rounds = "15"] = process.argv;
const module = `resource "terraform_data" "a" { input = "x" }\noutput "o" { value = terraform_data.a.output }\n`;

const post = asCaller(url);
const read = reader(url);

async function planned(capsule_id: string): Promise<{ whole: number; preparing: number }> {
  const { run } = await post<{ run: Run }>("/api/runs", { capsule_id, kind: "plan" });
  for (;;) {
    const { run: now } = await read<{ run: Run }>(`/api/runs/${run.id}`);
    const [preparing] = now.phases;
    if (now.status === "planned" && preparing)
      return { whole: milliseconds(now.started_at, now.finished_at), preparing: milliseconds(preparing.started_at, preparing.finished_at) };
    if (!["queued", "running"].includes(now.status)) throw new Error(`${now.id} is ${now.status}: ${JSON.stringify(now.error)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const { project } = await post<{ project: { id: string } }>("/api/projects", { name: `bench ${Date.now()}` });
const capsule = async (name: string, source: object): Promise<string> =>
  (await post<{ capsule: { id: string } }>("/api/capsules", { project_id: project.id, name, source })).capsule.id;
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
