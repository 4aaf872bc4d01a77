import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { detectCgroups } from "../src/cgroups.ts";
import { applyArgs, initArgs, type PlanChoices, planArgs, showPlanArgs } from "../src/commands.ts";
import { phaseEnvironment } from "../src/environment.ts";
import { equipForPlan } from "../src/equip.ts";
import { findTools } from "../src/find.ts";
import { type PhaseStart, startPhase } from "../src/phase.ts";
import { type PhaseOutput, runPhase } from "../src/run-phase.ts";
import { createRunDir, seenPaths } from "../src/rundir.ts";
import type { Box } from "../src/sandbox.ts";
import { detectSandbox } from "../src/sandbox-facts.ts";
import { packFiles } from "../src/source.ts";
import type { Phase, RunDir, SandboxFacts, SeenPaths, Tool } from "../src/types.ts";
import { unpackTree } from "../src/unpack.ts";

/** The state that a first Run starts from: without a file to begin with, OpenTofu keeps only the newest change of a killed apply. */
export const emptyState = (lineage: string): Buffer =>
  Buffer.from(JSON.stringify({ version: 4, serial: 0, lineage, outputs: {}, resources: [] }));

export const cacheDir = join(homedir(), ".cache/takosumi");
export const tools = await findTools({ tofuBin: process.env.TAKOSUMI_TEST_TOFU, cacheDir, path: process.env.PATH ?? "" });
export const tofu = tools.find((tool) => tool.name === "opentofu");
export const terraform = tools.find((tool) => tool.name === "terraform");
/** One of each kind: what a rule says of both tools is tried on both that are here. */
export const bothTools = [tofu, terraform].filter((tool) => tool !== undefined);
export const boxed = await detectSandbox();
export const unboxed: SandboxFacts = {
  kind: "none",
  reason: null,
  setpriv: false,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  missing: [],
  cgroups: detectCgroups(),
};
/** The sandboxes that this machine can try. */
export const sandboxes = boxed.kind === "bubblewrap" ? [boxed, unboxed] : [unboxed];
export const LINEAGE = "5a5e3c1e-0000-4000-8000-000000000001";

const scratch: string[] = [];
export async function scratchDir(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "opentofu-test-"));
  scratch.push(path);
  return path;
}
export async function removeScratch(): Promise<void> {
  await Promise.all(scratch.splice(0).map((path) => rm(path, { recursive: true, force: true })));
}

export type World = { dir: RunDir; seen: SeenPaths; tool: Tool; facts: SandboxFacts; box: Box; modulePath: string; mirror: string | null };
export type Given = {
  /** Called on the empty run directory, before anything is in it. */
  prepare?: (dir: RunDir) => Promise<void>;
  variables?: Record<string, unknown>;
  state?: Uint8Array;
  modulePath?: string;
  mirror?: string | null;
};

/** A run directory with a module in it, ready to plan. */
export async function world(tool: Tool, facts: SandboxFacts, files: Record<string, string>, given: Given = {}): Promise<World> {
  const { variables = null, state = emptyState(LINEAGE), modulePath = "", mirror = null } = given;
  const dir = await createRunDir(join(await scratchDir(), "run_1"));
  await given.prepare?.(dir);
  await unpackTree((await packFiles(files)).tar, dir.tree);
  await equipForPlan({ dir, facts, tool, modulePath, state, variables, mirror });
  const box: Box = { facts, toolPath: tool.path, mirror, network: "none", dataWritable: false };
  return { dir, seen: seenPaths(dir, facts, tool, modulePath), tool, facts, box, modulePath, mirror };
}

export type Step = { env?: Record<string, string>; box?: Partial<Box> };
export function start(world: World, name: string, argv: string[], { env = {}, box = {} }: Step): PhaseStart {
  return {
    dir: world.dir,
    name,
    box: { ...world.box, ...box },
    env: phaseEnvironment({ seen: world.seen, injected: env }),
    cwd: world.seen.module,
    argv,
  };
}
export const BOUNDS = { timeoutMs: 60_000, maxBytes: 32 << 20 };

export const init = (of: World, step: Step = {}): Promise<PhaseOutput> =>
  runPhase(start(of, "init", initArgs(of), { ...step, box: { dataWritable: true, ...step.box } }), BOUNDS);
export const plan = (of: World, choices: Partial<PlanChoices> = {}, step: Step = {}): Promise<PhaseOutput> =>
  runPhase(start(of, "plan", planArgs(of, { mode: "normal", variables: false, ...choices }), step), BOUNDS);
export const showPlan = (of: World): Promise<PhaseOutput> => runPhase(start(of, "show-plan", showPlanArgs(of), {}), BOUNDS);
export const apply = (of: World, choices: { variables: boolean } = { variables: false }, step: Step = {}): Promise<PhaseOutput> =>
  runPhase(start(of, "apply", applyArgs(of, choices), step), BOUNDS);
export const startApply = (of: World): Promise<Phase> => startPhase(start(of, "apply", applyArgs(of, { variables: false }), {}));
export const startShell = (of: World, script: string, box: Partial<Box> = {}): Promise<Phase> =>
  startPhase(start(of, "shell", ["/bin/sh", "-c", script], { box }));
export const runShell = (of: World, script: string, step: Step = {}): Promise<PhaseOutput> =>
  runPhase(start(of, "shell", ["/bin/sh", "-c", script], step), BOUNDS);
