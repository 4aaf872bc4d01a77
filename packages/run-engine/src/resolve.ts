import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import { type Held, heldRun, lostLease } from "./lease.ts";
import { moves } from "./queries/moves.ts";
import { recordRun, runnerActor } from "./record.ts";
import type { EngineResources } from "./resources.ts";

type Resolution = RunRow["provider_bindings"][number];
export interface Requirement {
  readonly provider: string;
  readonly alias: string | null;
  readonly builtin: boolean;
}

/** Providers that reach nothing that asks for credentials. */
const credentialFree = new Set([
  "random",
  "null",
  "local",
  "time",
  "tls",
  "archive",
  "external",
  "template",
  "cloudinit",
  "http",
  "terraform",
]);

const read = statement("resolve_capsule", `SELECT * FROM capsules WHERE id = $1`);
/** $1 run, $2 epoch, $3 runner, $4 bindings, $5 lock digest. */
const keep = statement(
  "run_keep_bindings",
  `UPDATE runs SET provider_bindings = $4::jsonb, provider_lock_digest = $5
   WHERE id = $1 AND lease_epoch = $2 AND lease_runner_id = $3 AND status = 'running' RETURNING id`,
);

/** "hashicorp/aws", "registry.terraform.io/hashicorp/aws" -> "registry.opentofu.org/hashicorp/aws": both registries name one provider. */
export const canonicalProvider = (address: string): string => {
  const parts = address.toLowerCase().split("/");
  if (parts.length < 3) return `registry.opentofu.org/${parts.length === 1 ? `hashicorp/${parts[0]}` : parts.join("/")}`;
  return parts[0] === "registry.terraform.io" ? ["registry.opentofu.org", ...parts.slice(1)].join("/") : parts.join("/");
};

export function resolveOne({ provider, alias, builtin }: Requirement, bindings: CapsuleRow["provider_bindings"]): Resolution {
  const address = canonicalProvider(provider);
  const same = bindings.filter((binding) => canonicalProvider(binding.provider) === address);
  const bound = same.find((binding) => binding.alias === alias) ?? same.find((binding) => binding.alias === null);
  const resolved = (message: string | null): Resolution => ({
    provider: address,
    alias,
    status: "resolved_provider_connection",
    connection_id: null,
    message,
  });
  if (bound?.connection_id === null) return resolved("the module configures this provider itself");
  const [host, namespace, type] = address.split("/");
  if (builtin || (host === "registry.opentofu.org" && namespace === "hashicorp" && credentialFree.has(type ?? "")))
    return resolved("needs no credentials");
  return {
    provider: address,
    alias,
    status: "blocked_missing_connection",
    connection_id: null,
    message: `${address}${alias ? `.${alias}` : ""} has no connection: bind one to the Capsule (provider_bindings), or bind connection_id null where the module configures it itself`,
  };
}

/** Which connection serves each provider. Where one has none, the Run ends `blocked`, before any credential was opened. */
export async function resolveProviders(
  { db }: Pick<EngineResources, "db">,
  held: Held,
  requirements: readonly Requirement[],
  lockDigest: string,
) {
  const run = await heldRun(db, held);
  const capsule = (await db.one<CapsuleRow>(read, [run.capsule_id])) as CapsuleRow;
  const bindings = requirements.map((requirement) => resolveOne(requirement, capsule.provider_bindings));
  const missing = bindings.filter(({ status }) => status !== "resolved_provider_connection");
  const values = [run.id, held.epoch, held.runner_id, JSON.stringify(bindings)];
  if (missing.length === 0) {
    if (!(await db.one(keep, [...values, lockDigest]))) throw lostLease(run.id);
    return { blocked: false, provider_bindings: bindings };
  }
  const error = {
    code: "PROVIDER_BLOCKED",
    message: missing.map(({ message }) => message).join("; "),
    details: { providers: missing.map(({ provider }) => provider) },
  };
  await db.transaction(async (tx) => {
    const blocked = await tx.one<RunRow>(moves.blocked, [...values, JSON.stringify(error), lockDigest]);
    if (!blocked) throw lostLease(run.id);
    await recordRun(tx, blocked, "run.blocked", runnerActor(held.runner_id), error.details);
  });
  return { blocked: true, provider_bindings: bindings };
}
