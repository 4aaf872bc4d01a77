import { setTimeout as pause } from "node:timers/promises";
import type { Say } from "@takosumi/start/lines";
import type { Caller } from "./caller.ts";

interface Run {
  readonly id: string;
  readonly status: string;
  readonly queue: { readonly reason: string } | null;
  readonly plan: { readonly digest: string } | null;
  readonly error: { readonly message: string } | null;
}
interface Capsule {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly latest_run_id: string | null;
}

const projectName = "quickstart";
const capsuleName = "hello";
const waitMs = 120_000;
const still = new Set(["queued", "running"]);

const module = `# The first Capsule: two resources that need no provider and no account.
variable "greeting" {
  default = "applied by Takosumi"
}

resource "terraform_data" "greeting" {
  input = var.greeting
}

resource "terraform_data" "witness" {
  input            = terraform_data.greeting.output
  triggers_replace = [terraform_data.greeting.id]
}

output "hello" {
  value = terraform_data.witness.output
}
`;

/** Whether this instance never had a Project, or has the first Capsule of a start that was interrupted before its apply. */
export async function isWanted(api: Caller): Promise<boolean> {
  const { projects } = await api.get<{ projects: { id: string; slug: string }[] }>("/api/projects?limit=2");
  if (projects.length > 1) return false;
  const [only] = projects;
  if (only) return only.slug === projectName && (await find(api, only.id))?.status !== "active";
  const { events } = await api.get<{ events: unknown[] }>("/api/audit?action=project.created&limit=1");
  return events.length === 0;
}

/** Plans, approves and applies the first Capsule over the public API. Answers its outputs, as tofu would write them. */
export async function firstRun(api: Caller, say: Say, signal: AbortSignal): Promise<string[]> {
  const capsule = await ready(api);
  say("planning");
  const planned = await settled(
    api,
    (await api.post<{ run: Run }>("/api/runs", { kind: "plan", capsule_id: capsule.id, message: "quickstart" })).run,
    say,
    signal,
  );
  if (planned.status === "planned") {
    say("applying");
    const approval = { plan_digest: planned.plan?.digest, message: "quickstart" };
    const applied = await settled(api, (await api.post<{ run: Run }>(`/api/runs/${planned.id}/approve`, approval)).run, say, signal);
    if (applied.status !== "succeeded") throw new Error(`the apply is ${applied.status}: ${applied.error?.message ?? applied.id}`);
  } else if (planned.status !== "succeeded") {
    throw new Error(`the plan is ${planned.status}: ${planned.error?.message ?? planned.id}`);
  }
  const { outputs } = await api.get<{ outputs: { name: string; value: unknown }[] }>(`/api/outputs/${capsule.id}`);
  return outputs.map(({ name, value }) => `${name} = ${JSON.stringify(value)}`);
}

async function ready(api: Caller): Promise<Capsule> {
  const { projects } = await api.get<{ projects: { id: string; slug: string }[] }>("/api/projects?limit=2");
  const project =
    projects.find(({ slug }) => slug === projectName) ??
    (await api.post<{ project: { id: string } }>("/api/projects", { name: "Quickstart", slug: projectName })).project;
  const there = await find(api, project.id);
  if (there) return there;
  const source = { kind: "inline", files: { "main.tf": module } };
  return (await api.post<{ capsule: Capsule }>("/api/capsules", { project_id: project.id, name: capsuleName, source })).capsule;
}

async function find(api: Caller, project: string): Promise<Capsule | undefined> {
  const { capsules } = await api.get<{ capsules: Capsule[] }>(`/api/capsules?project_id=${project}`);
  return capsules.find(({ name }) => name === capsuleName);
}

async function settled(api: Caller, first: Run, say: Say, signal: AbortSignal): Promise<Run> {
  let run = first;
  for (const end = performance.now() + waitMs; still.has(run.status); await pause(30, undefined, { signal })) {
    if (performance.now() > end) throw new Error(run.queue?.reason ?? `${run.id} is still ${run.status} after ${waitMs / 1000} s`);
    if (run.queue) say(`waiting: ${run.queue.reason}`);
    ({ run } = await api.get<{ run: Run }>(`/api/runs/${run.id}`));
  }
  return run;
}
