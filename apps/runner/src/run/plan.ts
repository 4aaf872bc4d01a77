import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { forbiddenBy } from "@takosumi/contracts/deploy/provider-patterns";
import type { Outcome } from "@takosumi/contracts/runner/outcome";
import { applyArgs, planArgs } from "@takosumi/opentofu/commands";
import { equipForPlan } from "@takosumi/opentofu/equip";
import { EventLines } from "@takosumi/opentofu/event-lines";
import { builtinOnly, initNeeded } from "@takosumi/opentofu/init-need";
import { lockDigest, lockedProviders, readLock } from "@takosumi/opentofu/lock";
import { startPhase } from "@takosumi/opentofu/phase";
import type { PlanJson } from "@takosumi/opentofu/plan-json";
import { isSettable, setProviderArguments } from "@takosumi/opentofu/provider-arguments";
import { type ProviderBlock, providerBlocks } from "@takosumi/opentofu/provider-blocks";
import { requiredProviders } from "@takosumi/opentofu/requirements";
import type { HeldPhase, Phase, PhaseExit, RequiredProvider, Tool } from "@takosumi/opentofu/types";
import { unpackTree } from "@takosumi/opentofu/unpack";
import { takeSource } from "../source/take-source.ts";
import { baseState } from "./base-state.ts";
import { dropCredentials, type Injected, nothingInjected, phaseCredentials } from "./credentials.ts";
import { toolFailure } from "./failure.ts";
import { type Followed, follow } from "./follow.ts";
import { type Ground, groundOf, stepOf } from "./ground.ts";
import { guarded } from "./guard.ts";
import { initialize, showConfig } from "./initialize.ts";
import type { Job } from "./job.ts";
import { holdApply } from "./ready-applies.ts";
import { hasRemoteModules, initKey, keepInit, reuseInit } from "./reuse-init.ts";
import { holdShow, learnMasked, shownPlan, showPlan, storePlan } from "./seal-plan.ts";
import { planTool } from "./tool.ts";
import { variablesOf } from "./variables.ts";

/** The api ended the Run as blocked: there is nothing left to say. */
export class Blocked extends Error {}
const used = ({ name, version, digest }: Tool) => ({ name, version, digest });

/** Where a plan puts its events: OpenTofu in a file of their own, beside its text; Terraform on stdout. */
const machineOf = ({ name }: Tool): "events" | "stdout" => (name === "opentofu" ? "events" : "stdout");

/** The tool at its plan, and the command that will show it. */
type Planning = { readonly phase: Phase; readonly exit: Promise<PhaseExit>; readonly show: HeldPhase | null };
/** `plan`: as the tool shows it; rejects where it cannot. */
type Made = Followed & { readonly plan: Promise<PlanJson> };

/** Makes a plan, up to what the api is told. Throws RunFailure, Stop, Blocked or LeaseLost. */
export async function executePlan(job: Job): Promise<Outcome> {
  const { ground, state } = await job.phase("preparing", () => prepare(job));
  const quick = job.lease.bound ? null : await quickPlan(job, ground, state);
  const { exit, seen, plan } = quick ?? (await fullPlan(job, ground, state));
  const { diagnostics } = seen;
  job.control.stopped.throwIfAborted();
  if (exit.code !== 0 && exit.code !== 2) throw toolFailure("PLAN_FAILED", `${ground.tool.name} plan`, diagnostics, exit);
  const [shown, artifacts] = await Promise.all([plan.then((made) => shownPlan(job, made, exit.code === 2)), storePlan(job, ground)]);
  await job.say({ type: "phase", at: new Date().toISOString(), name: "planning", state: "finished" });
  return { result: "planned", tool: used(ground.tool), plan: shown, diagnostics, artifacts };
}

async function startPlan(job: Job, ground: Ground, { env, credentials }: Injected): Promise<Planning> {
  await job.spare?.dismiss();
  const phase = await startPhase(stepOf(job, ground, "plan", planCommand(job, ground), { env, credentials }));
  const exit = guarded(job, phase, { writes: false });
  return { phase, exit, show: await holdShow(job, ground) };
}

/** The plan that waits in this directory, let go; null where it cannot be this one. The next one like this begins like it. */
async function begunPlan(job: Job, ground: Ground): Promise<Planning | null> {
  const argv = planCommand(job, ground);
  if (Object.keys(job.lease.variables.env).length === 0) job.site.spares.want(ground, argv);
  const begun = job.spare?.begin(ground, argv, job.site);
  return begun ? { ...begun, exit: guarded(job, begun.phase, { writes: false }) } : null;
}

/**
 * Sends what a plan says. How far it is goes out at once; its words wait until the values that the tool masks are known, so that they are
 * hidden where the module shows them in another way.
 */
async function followPlan(job: Job, ground: Ground, { phase, exit, show }: Planning): Promise<Made> {
  let known = false;
  let release = () => {};
  const plan = exit
    .then(() => masked(job, ground, show))
    .finally(() => {
      known = true;
      release();
    });
  // Read by who needs it; a plan that failed often has none.
  plan.catch(() => undefined);
  let holding = false;
  const onWords = () => {
    if (known || holding) return;
    holding = true;
    release = job.outbox.hold();
  };
  const followed = await follow(job, phase, exit, { name: "plan", machine: machineOf(ground.tool), onWords });
  await plan.catch(() => undefined);
  return { ...followed, plan };
}

/** The plan, a failed one too where the tool kept it. Its credentials are gone before anything looks at it. */
async function masked(job: Job, ground: Ground, show: HeldPhase | null): Promise<PlanJson> {
  await dropCredentials(job);
  await access(join(job.dir.io, "plan"));
  const plan = await showPlan(job, ground, show, job.control.stopped);
  learnMasked(job, plan);
  return plan;
}

async function prepare(job: Job): Promise<{ ground: Ground; state: Buffer }> {
  const { lease, site, calls } = job;
  const [tool, tar, state] = await Promise.all([
    planTool(site.settings, lease.tool),
    takeSource(job).then((path) => readFile(path)),
    baseState(calls, lease.base),
  ]);
  job.control.stopped.throwIfAborted();
  await unpackTree(tar, job.dir.tree);
  const ground = groundOf(job, tool);
  await equipForPlan({
    dir: job.dir,
    facts: site.facts,
    tool,
    modulePath: lease.module_path,
    state,
    variables: variablesOf(job),
    mirror: ground.mirror,
  });
  return { ground, state };
}

/**
 * A module of built-in providers only is planned at once: its data directory holds no provider, so nothing that needs a connection or
 * an approval of a policy can run. The providers are resolved meanwhile. Null where the guess was wrong and nothing began.
 */
async function quickPlan(job: Job, ground: Ground, state: Buffer): Promise<Made | null> {
  if (!(await builtinOnly(ground.moduleDir))) return null;
  const required = requiredProviders({ config: builtinConfig, lock: await readLock(ground.moduleDir), state });
  if (required.some(({ builtin }) => !builtin)) return null;
  const planning = (await begunPlan(job, ground)) ?? (await startPlan(job, ground, nothingInjected(job)));
  const { phase, exit, show } = planning;
  let began = false;
  try {
    await job.phase("initializing", async () => undefined);
    await job.phase("resolving", () => resolve(job, ground, required, []));
    await exit;
    began = !(await neverBegan(job, ground));
  } finally {
    if (!began) {
      await show?.dismiss();
      await phase.kill();
      await exit;
    }
  }
  if (!began) return null;
  await job.say({ type: "phase", at: new Date().toISOString(), name: "planning", state: "started" });
  if (job.site.facts.kind === "bubblewrap" && Object.keys(job.lease.variables.env).length === 0)
    job.next = () => holdApply(job, ground, applyArgs(ground, { variables: variablesOf(job) !== null }));
  return followPlan(job, ground, planning);
}

const builtinConfig = { provider_config: { terraform: { full_name: "terraform.io/builtin/terraform" } } };

/** Whether the quick plan failed before it began, for want of an init. */
async function neverBegan(job: Job, ground: Ground): Promise<boolean> {
  const path = join(job.dir.ctl, machineOf(ground.tool) === "events" ? "events" : "plan/stdout");
  const lines = new EventLines();
  const events = [...lines.push(await readFile(path)), ...lines.end()];
  return initNeeded(events.filter((event) => event.type === "diagnostic"));
}

async function fullPlan(job: Job, ground: Ground, state: Buffer): Promise<Made> {
  const key = initKey(job, ground, state);
  let reused = false;
  const config = await job.phase("initializing", async () => {
    reused = await reuseInit(job, ground, key);
    if (reused) await job.note("Initialized as for an earlier plan of this source: providers and lock file are the same.");
    else {
      await initialize(job, ground);
      await keepInit(job, ground, key);
    }
    await refuseForbidden(job, ground);
    return configOf(job, ground);
  });
  const given = await job.phase("resolving", () => injected(job, ground, config, state));
  try {
    job.control.stopped.throwIfAborted();
    await job.say({ type: "phase", at: new Date().toISOString(), name: "planning", state: "started" });
    const made = await followPlan(job, ground, await startPlan(job, ground, given));
    // Whatever was missing: the next plan of this source looks for itself.
    if (reused && made.exit.code === 1) job.site.inits.drop(key);
    return made;
  } finally {
    await dropCredentials(job);
  }
}

/** What was installed is only bytes so far: a provider that the policy keeps out blocks the Run before the tool starts it for its schema. */
async function refuseForbidden(job: Job, ground: Ground): Promise<void> {
  const rules = job.lease.provider_rules;
  if (!rules) return;
  const installed = lockedProviders(await readLock(ground.moduleDir)).map(({ provider }) => provider);
  const forbidden = installed.filter((provider) => forbiddenBy(rules, provider));
  if (forbidden.length > 0)
    await resolve(
      job,
      ground,
      forbidden.map((provider) => ({ provider, alias: null, builtin: false })),
      [],
    );
}

/** What the providers of the module are given to plan with. */
async function injected(job: Job, ground: Ground, config: unknown, state: Buffer): Promise<Injected> {
  const { module_path } = job.lease;
  const blocks = await providerBlocks(job.dir, module_path, ground.tool.name);
  // Terraform shows no configuration: its aliases are read from the blocks themselves.
  const read = ground.tool.name === "terraform" ? blocks : [];
  const required = requiredProviders({ config, blocks: read, lock: await readLock(ground.moduleDir), state });
  if (!(await resolve(job, ground, required, blocks))) return nothingInjected(job);
  const given = await phaseCredentials(job, ground, "plan");
  if (given.arguments.length > 0) await setProviderArguments({ ...ground, dir: job.dir, modulePath: module_path, blocks }, given.arguments);
  return given;
}

/** The same source, module and tool say the same; modules from elsewhere may move, so they are asked every time. */
async function configOf(job: Job, ground: Ground): Promise<unknown> {
  const remote = await hasRemoteModules(job);
  const key = `${job.source?.digest} ${ground.tool.digest} ${job.lease.module_path}`;
  const known = remote ? undefined : job.site.modules.get(key);
  if (known) return known.config;
  const config = await showConfig(job, ground);
  if (!remote) job.site.modules.set(key, { config });
  return config;
}

/** True where a connection serves a provider of the module. Throws Blocked where the api ended the Run. */
async function resolve(
  job: Job,
  ground: Ground,
  required: readonly RequiredProvider[],
  blocks: readonly ProviderBlock[],
): Promise<boolean> {
  const requirements = required.map((one) => ({ ...one, settable: !one.builtin && isSettable(blocks, one.provider, one.alias) }));
  const { blocked, provider_bindings } = await job.calls.resolve({
    requirements,
    lock_digest: lockDigest(await readLock(ground.moduleDir)),
    tool: job.tool,
  });
  if (blocked) throw new Blocked("blocked");
  return provider_bindings.some(({ connection_id }) => connection_id !== null);
}

const planCommand = (job: Job, ground: Ground): string[] => {
  const { mode, targets, replace } = job.lease;
  return planArgs(ground, { mode, targets, replace, variables: variablesOf(job) !== null });
};
