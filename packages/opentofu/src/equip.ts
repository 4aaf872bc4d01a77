import { chown, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { backendRecord, overrideName, overrideText, refuseOverrideClash } from "./backend.ts";
import { cliConfig } from "./cli-config.ts";
import { moduleFolder } from "./module-folder.ts";
import { giveTree } from "./ownership.ts";
import { safeModulePath } from "./rundir.ts";
import { mirrorSeen } from "./sandbox.ts";
import type { RunDir, SandboxFacts, Tool } from "./types.ts";

export type Equipment = {
  dir: RunDir;
  facts: SandboxFacts;
  tool: Tool;
  modulePath: string;
  /** The base state, or `emptyState(lineage)`. Rule 1: it stands there before init, else a hard kill leaves nothing. */
  state: Uint8Array;
  /** Values by variable name, JSON as it is. Null writes no file. */
  variables: Record<string, unknown> | null;
  /** The Run's plan file, for an apply. */
  planFile?: Uint8Array;
  /** Host path of a filesystem mirror of providers. */
  mirror: string | null;
};

/** Makes an unpacked tree ready for init and plan: our backend, nothing of the module's own working directory. */
export async function equipForPlan(run: Equipment): Promise<void> {
  const modulePath = safeModulePath(run.modulePath);
  const moduleDir = await moduleFolder(run.dir, modulePath);
  await rm(join(moduleDir, ".terraform"), { recursive: true, force: true });
  await refuseOverrideClash(moduleDir);
  await writeFile(join(moduleDir, overrideName(run.tool.name)), overrideText(modulePath), { mode: 0o644, flag: "wx" });
  await writeFile(join(run.dir.data, "terraform.tfstate"), backendRecord(modulePath), { mode: 0o600 });
  await writeInputs(run);
}

/** Makes a sealed and re-hashed tree ready for apply: only what lies outside the tree is written. */
export async function equipForApply(run: Equipment & { planFile: Uint8Array }): Promise<void> {
  await moduleFolder(run.dir, safeModulePath(run.modulePath));
  await writeInputs(run);
}

async function writeInputs({ dir, facts, state, variables, planFile, mirror }: Equipment): Promise<void> {
  const secret = { mode: 0o600 };
  await mkdir(join(dir.io, "home"), { mode: 0o700, recursive: true });
  const writes = [
    writeFile(join(dir.io, "state.tfstate"), state, secret),
    writeFile(join(dir.io, "cli.tfrc"), cliConfig(mirror === null ? null : mirrorSeen(facts, mirror)), secret),
  ];
  if (variables) writes.push(writeFile(join(dir.io, "variables.tfvars.json"), JSON.stringify(variables), secret));
  if (planFile) writes.push(writeFile(join(dir.io, "plan"), planFile, secret));
  await Promise.all(writes);
  await equipBare(dir, facts);
}

/** What any payload needs, whatever program it is: who it is, and folders that are its own. */
export async function equipBare(dir: RunDir, facts: SandboxFacts): Promise<void> {
  if (facts.setpriv) await Promise.all([dir.tree, dir.data, dir.io].map((part) => giveTree(part, facts)));
  await equipSandbox({ dir, facts });
}

/** What a sandbox binds of `ctl`. All that a phase needs which is held before anything of its Run is there. */
export async function equipSandbox({ dir, facts }: Pick<Equipment, "dir" | "facts">): Promise<void> {
  // The events file is the one thing in ctl that the payload writes: it must exist to be bound.
  const events = join(dir.ctl, "events");
  await Promise.all([
    writeFile(join(dir.ctl, "passwd"), `run:x:${facts.uid}:${facts.gid}:run:/tmp:/usr/sbin/nologin\n`, { mode: 0o644 }),
    writeFile(join(dir.ctl, "group"), `run:x:${facts.gid}:\n`, { mode: 0o644 }),
    writeFile(events, "", { mode: 0o600 }),
  ]);
  if (facts.setpriv) await chown(events, facts.uid, facts.gid);
}
