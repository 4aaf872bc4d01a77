import { join } from "node:path";
import { stateFile } from "@takosumi/contracts/deploy/state-file";
import type { Lease } from "@takosumi/contracts/runner/lease";
import { lockDigest, readLock } from "@takosumi/opentofu/lock";
import { probeTool } from "@takosumi/opentofu/probe";
import { readProduced } from "@takosumi/opentofu/produced";
import { inWorkSnapshot } from "@takosumi/opentofu/rundir";
import { hashTree } from "@takosumi/opentofu/source";
import { digestOf, factOf } from "../cache/bytes.ts";
import { STATE_BYTES } from "./checkpoints.ts";
import { RunFailure } from "./failure.ts";
import type { Ground } from "./ground.ts";
import type { Job } from "./job.ts";
import { variablesOf } from "./variables.ts";

/** The tool, by the bytes that will be started. Throws SEAL_MISMATCH. */
export async function checkTool({ lease: { tool } }: Job, ground: Ground): Promise<void> {
  const binary = await probeTool(ground.tool.path).catch(() => null);
  if (binary?.digest !== tool.digest || binary?.version !== tool.version || binary?.name !== tool.name) throw mismatch("tool");
}

/** Every other sealed fact, read again from the bytes on disk. Throws SEAL_MISMATCH naming what differs; nothing was executed then. */
export async function checkSeal(job: Job, ground: Ground): Promise<void> {
  const { sealed, base } = job.lease;
  if (!sealed) throw mismatch("plan");
  const [plan, tree, lock, state, variables] = await Promise.all([
    factOf(join(job.dir.io, "plan")).catch(() => null),
    hashTree(job.dir.root, { include: inWorkSnapshot }).catch(() => "unreadable"),
    readLock(ground.moduleDir).then(lockDigest, () => "unreadable"),
    readProduced(join(job.dir.io, "state.tfstate"), STATE_BYTES),
    readProduced(join(job.dir.io, "variables.tfvars.json"), VARIABLES_BYTES),
  ]);
  if (plan?.digest !== sealed.plan.digest || plan.size_bytes !== sealed.plan.size_bytes) throw mismatch("plan file");
  if (tree !== sealed.work_tree_digest) throw mismatch("work tree");
  if (lock !== sealed.lock_digest) throw mismatch("provider lock file");
  if (!state || !isBase(state, base)) throw mismatch("state");
  const given = variablesOf(job);
  if (variables === null ? given !== null : given === null || !variables.equals(Buffer.from(JSON.stringify(given))))
    throw mismatch("variable set");
}
const VARIABLES_BYTES = 256 * 1024 * 1024;

function isBase(bytes: Buffer, base: Lease["base"]): boolean {
  if (digestOf(bytes) !== base.digest) return false;
  const file = stateFile(bytes);
  return file?.lineage === base.lineage && file.serial === base.serial;
}

const mismatch = (what: string): RunFailure =>
  new RunFailure("SEAL_MISMATCH", `The ${what} on the runner is not the one that was approved. Nothing was executed: make a new plan.`, {
    details: { differs: what },
  });
